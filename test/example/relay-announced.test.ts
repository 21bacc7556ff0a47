// The receiver of example/relay-announced: one git-autosync that webhooks reach, and what all who ask a
// relay learn by its polls; in real nginx, before a real git server.
import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { createCa } from '../helpers/certificates.js'
import { createRepo, tempDir } from '../helpers/git.js'
import { startGitServer } from '../helpers/git-http-server.js'
import { needsProgram } from '../helpers/needs.js'
import { startReceiver, startRelay } from '../helpers/relay.js'
import { startService, until, writeListing } from '../helpers/service.js'
import { NGINX_PATH } from './nginx.js'

const SECRET = 'secret-of-webhooks'
const REPO = 'https://forge.example/site.git'
const NODES = 3

test(
  'pushes that are announced show at nodes, which cost the git server nothing else',
  needsProgram('nginx', NGINX_PATH),
  async (t) => {
    const dir = tempDir(t)
    const repo = createRepo(path.join(dir, 'repos/site.git'), { bare: true })
    repo.commit('first', { file: '1' })
    const origin = await startGitServer(t, { root: path.join(dir, 'repos') })
    const ca = createCa(dir, 'ca')
    const repositories = { 'forge.example/site.git': `${origin.url}/site.git` }
    const receiver = await startReceiver(t, { repositories, ca })
    const relays = [1, 2].map(() =>
      startRelay(t, { repositories, ca, receiver, tls: ca.issue('relay') }),
    )
    const urls = (await Promise.all(relays)).map(({ url }) => url)
    const start = (name: string, settings: Record<string, string>) => {
      const listingPath = path.join(dir, name, 'listing.json')
      mkdirSync(path.dirname(listingPath))
      writeListing(listingPath, [{ path: 'out', repo: REPO }])
      return startService(t, { listingPath, settings })
    }
    const hearing = await start('receiver', {
      SCRAPE_INTERVAL: '1h',
      WEBHOOK_SECRET: SECRET,
      REPO_REWRITE: `https://=${receiver.refreshUrl}/`,
    })
    const nodes = await Promise.all(
      Array.from({ length: NODES }, (_, index) =>
        start(`node-${index}`, {
          SCRAPE_INTERVAL: '1s',
          REPO_REWRITE: `https://=${urls[index % urls.length]}/`,
          CA_FILE: ca.cert,
        }),
      ),
    )
    const all = [hearing, ...nodes]
    const untilAll = (oid: string) =>
      Promise.all(all.map((each) => each.untilPublished('out', oid)))
    const pollsOf = async () => {
      const counts = nodes.map((node) =>
        node.metric('git_autosync_polls_total{entry="out",result="unchanged"}'),
      )
      return (await Promise.all(counts)).reduce<number>((sum, count) => sum + (count ?? 0), 0)
    }
    await untilAll(repo.oid('main'))

    // Not announced: nobody asks the git server, however often the relay is asked.
    const asked = () => origin.requests.splice(0).length
    asked()
    const second = repo.commit('second', { file: '2' })
    const before = await pollsOf()
    await until(async () => (await pollsOf()) >= before + 4 * NODES, 'many polls')
    assert.equal(asked(), 0)

    const announce = () =>
      fetch(`${hearing.url}/webhook`, {
        method: 'POST',
        headers: { authorization: `Bearer ${SECRET}` },
        body: JSON.stringify({ repo: REPO, ref: 'refs/heads/main' }),
      })
    const announcedAt = Date.now()
    assert.equal((await announce()).status, 202)
    await untilAll(second)
    t.diagnostic(`the last of ${NODES} nodes after ${Date.now() - announcedAt} ms`)
    const bodies = origin.requests.map(({ body }) => body)
    assert.equal(bodies.filter((body) => body.includes('ls-refs')).length, 1)
    assert.equal(bodies.filter((body) => body.includes(`want ${second}`)).length, 1)

    // Without the receiver, each relay asks the git server itself.
    await receiver.kill()
    const third = repo.commit('third', { file: '3' })
    await Promise.all(nodes.map((node) => node.untilPublished('out', third)))
  },
)
