// From the webhook to the published file, with a git server that is 50 ms away in each direction:
// against one request that fetches the same bytes and does nothing with them, and beside a poll.
import path from 'node:path'
import type { Oid } from '../../src/git/oid.js'
import { encodeFetchV2 } from '../../src/remote/smart/fetch-request.js'
import { SIGNING_TOKEN, webhookOf } from '../helpers/webhooks.js'
import { startBenchService } from './bench-service.js'
import { startDelayProxy } from './delay-proxy.js'
import type { Row, Scenario } from './scenario.js'
import { alternate } from './statistics.js'

const DELAY_MS = 50
/** What is allowed of the time of the one request. */
const OF_REQUEST = 1.3

export const announced: Scenario = {
  name: 'announced',
  async run({ directory, rounds, scope, server, sizes, sourceRepo }) {
    const repo = await sourceRepo(sizes.updateFiles)
    const origin = await startDelayProxy(scope, server.url, DELAY_MS)
    const url = `${origin}/${repo.name}`
    const service = await startBenchService({
      directory: path.join(directory),
      scope,
      settings: { WEBHOOK_SECRET: SIGNING_TOKEN },
    })
    service.list([{ path: 'ours', repo: url }])
    await service.publishedMs('ours', repo.head)
    let before = repo.head

    /** Sends what announces the head, and returns how long it took to be published. */
    const announce = async () => {
      const change = { ref: 'refs/heads/main', before, after: repo.head }
      const push = { origin, owner: '', name: repo.name, ...change }
      const { body } = webhookOf('generic', push, SIGNING_TOKEN)
      const headers = { authorization: `Bearer ${SIGNING_TOKEN}` }
      const sentAt = Date.now()
      await fetch(`${service.url}/webhook`, { method: 'POST', headers, body })
      return (await service.publishedAt('ours', repo.head)) - sentAt
    }
    const polledMs: number[] = []
    const { ours, git } = await alternate(
      { rounds, warmUps: Math.max(1, sizes.warmUps) },
      {
        async prepare() {
          before = repo.head
          repo.changeOneFile()
          service.pollNow()
          polledMs.push(await service.publishedMs('ours', repo.head))
          await service.untilAtRest()
          before = repo.head
          repo.changeOneFile()
        },
        async ours() {
          const ms = await announce()
          await service.untilAtRest()
          return ms
        },
        git: () => fetchMs(url, repo.head, before),
      },
    )
    await service.stop()
    const what = `1 of ${repo.files.toLocaleString('en')} changes, ${DELAY_MS} ms away`
    const rows: Row[] = [
      {
        what: `${what}: webhook to file / one fetch`,
        unit: 'ms',
        ours,
        git,
        target: { ratio: OF_REQUEST },
      },
      { what: `${what}: poll to file`, unit: 'ms', ours: polledMs.slice(-rounds) },
    ]
    return rows
  },
}

/** How long one request takes that fetches what a commit has over another. */
async function fetchMs(url: string, want: Oid, have: Oid): Promise<number> {
  const request = { wants: [want], haves: [have], thinPack: true }
  const body = encodeFetchV2(request, new Map([['fetch', 'shallow']]))
  const startedAt = performance.now()
  const response = await fetch(`${url}/git-upload-pack`, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-git-upload-pack-request',
      'git-protocol': 'version=2',
    },
    body: new Uint8Array(body),
  })
  const answer = Buffer.from(await response.arrayBuffer())
  const ms = performance.now() - startedAt
  if (!response.ok || !answer.includes('PACK')) {
    throw new Error(`the fetch answered ${response.status} ${answer.toString('latin1', 0, 200)}`)
  }
  return ms
}
