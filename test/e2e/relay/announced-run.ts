// How long it takes from a webhook to the answer of a relay that tells of what was pushed: with the receiver of
// example/relay-announced before a real git server, and an asker that does what a node does each second, but at once.
import assert from 'node:assert/strict'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { systemClock } from '../../../src/base/clock.js'
import { createRedactor } from '../../../src/base/known-secrets.js'
import { parseRemoteUrl } from '../../../src/git/remote-url.js'
import { createSessions } from '../../../src/sessions.js'
import { readSettings } from '../../../src/settings.js'
import { createMemoryBudget } from '../../../src/thread/memory-budget.js'
import { atEnd } from '../../helpers/at-end.js'
import { createCa } from '../../helpers/certificates.js'
import { createRepo, type TestScope, tempDir } from '../../helpers/git.js'
import { startGitServer } from '../../helpers/git-http-server.js'
import { startReceiver, startRelay } from '../../helpers/relay.js'
import { startService, writeListing } from '../../helpers/service.js'

const REPO = 'https://forge.example/site.git'
const SECRET = 'secret-of-webhooks'
const [ASK_MS, STEP_MS] = [10, 83]

/** Announces so many pushes; how long each took to be in the relay's answers, in milliseconds. */
export async function runAnnounced(t: TestScope, pushes: number): Promise<number[]> {
  const dir = tempDir(t)
  const repo = createRepo(path.join(dir, 'repos/site.git'), { bare: true })
  let tip = repo.commit('commit 0', { file: '0' })
  const origin = await startGitServer(t, { root: path.join(dir, 'repos') })
  const ca = createCa(dir, 'ca')
  const repositories = { 'forge.example/site.git': `${origin.url}/site.git` }
  const receiver = await startReceiver(t, { repositories, ca })
  const relay = await startRelay(t, { repositories, ca, receiver, tls: ca.issue('relay') })
  const listingPath = path.join(dir, 'listing.json')
  writeListing(listingPath, [{ path: 'out', repo: REPO }])
  const hearing = await startService(t, {
    listingPath,
    settings: {
      SCRAPE_INTERVAL: '1h',
      WEBHOOK_SECRET: SECRET,
      REPO_REWRITE: `https://=${receiver.refreshUrl}/`,
    },
  })
  await hearing.untilPublished('out', tip)
  const ask = openAsker(t, { REPO_REWRITE: `https://=${relay.url}/`, CA_FILE: ca.cert })
  const tookMs: number[] = []
  for (let push = 1; push <= pushes; push++) {
    assert.equal(await ask(), tip)
    // So that they come at all moments of a second.
    await sleep((push * STEP_MS) % 1000)
    tip = repo.commit(`commit ${push}`, { file: `${push}` })
    const announcedAt = performance.now()
    const answer = await fetch(`${hearing.url}/webhook`, {
      method: 'POST',
      headers: { authorization: `Bearer ${SECRET}` },
      body: JSON.stringify({ repo: REPO, ref: 'refs/heads/main' }),
    })
    assert.equal(answer.status, 202)
    while ((await ask()) !== tip) await sleep(ASK_MS)
    tookMs.push(Math.round(performance.now() - announcedAt))
    await hearing.untilPublished('out', tip)
  }
  return tookMs
}

/** Asks a relay for HEAD, each time over the same connection. */
function openAsker(t: TestScope, env: Record<string, string>): () => Promise<string | undefined> {
  const faults: string[] = []
  const settings = readSettings(new Map(), { LISTING_PATH: 'listing.json', ...env }, '/', faults)
  assert.deepEqual(faults, [])
  const sessions = createSessions({
    settings,
    clock: systemClock,
    observe: () => undefined,
    redactor: createRedactor(),
    memory: createMemoryBudget(settings.memoryBudgetBytes),
  })
  atEnd(t, () => sessions.close())
  const session = sessions.open({ remote: parseRemoteUrl(REPO, '/'), credential: undefined })
  const { signal } = new AbortController()
  return async () => (await session.listRefs(['HEAD'], signal))[0]?.oid
}
