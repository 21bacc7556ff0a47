// What polling costs the git server, and what load does to the health endpoint.
import assert from 'node:assert/strict'
import path from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createRepo, tempDir } from '../helpers/git.js'
import { startGitServer } from '../helpers/git-http-server.js'
import { startService, until, writeListing } from '../helpers/service.js'

test('an idle poll is one POST on a kept connection, however many entries a remote has', async (t) => {
  const dir = tempDir(t)
  const repo = createRepo(path.join(dir, 'repos/one'))
  const first = repo.commit('first', { file: '1' })
  const names = Array.from({ length: 20 }, (_, index) => `b${index}`)
  for (const name of names) repo.git('branch', name)
  const server = await startGitServer(t, { root: path.join(dir, 'repos') })
  const listingPath = path.join(dir, 'listing.json')
  writeListing(
    listingPath,
    names.map((branch) => ({ path: `out/${branch}`, repo: `${server.url}/one`, branch })),
  )
  const settings = { SCRAPE_INTERVAL: '200ms' }
  const service = await startService(t, { listingPath, settings })
  for (const name of names) await service.untilPublished(`out/${name}`, first)

  const before = server.requests.length
  const { connections } = server
  await until(() => server.requests.length >= before + 8, 'eight polls')
  const polls = server.requests.slice(before)
  assert.deepEqual(
    new Set(polls.map(({ method, path }) => `${method} ${path}`)),
    new Set(['POST /one/git-upload-pack']),
  )
  assert.equal(server.connections, connections, 'no new connection')
  const polled = await service.metric('git_autosync_polls_total{entry="out/b0",result="unchanged"}')
  assert.ok(polled !== undefined && polled <= server.requests.length)
})

test('health answers again and again while 10,000 files are unpacked', async (t) => {
  const dir = tempDir(t)
  const repo = createRepo(path.join(dir, 'repos/large'))
  const files = Object.fromEntries(
    Array.from({ length: 10_000 }, (_, index) => [
      `d${index % 100}/f${index}`,
      `content ${index}\n`,
    ]),
  )
  const oid = repo.commit('large', files)
  const server = await startGitServer(t, { root: path.join(dir, 'repos') })
  const listingPath = path.join(dir, 'listing.json')
  writeListing(listingPath, [{ path: 'out', repo: `${server.url}/large` }])
  const service = await startService(t, { listingPath })

  const beganAt = performance.now()
  const answersMs: number[] = []
  let isPublished = false
  const published = service.untilLogged('published').finally(() => {
    isPublished = true
  })
  while (!isPublished) {
    const startedAt = performance.now()
    assert.equal((await service.get('/healthz')).status, 200)
    answersMs.push(performance.now() - startedAt)
    await sleep(20)
  }
  await published
  await service.untilPublished('out', oid)
  const slowest = Math.max(...answersMs)
  t.diagnostic(`${answersMs.length} answers, the slowest after ${slowest.toFixed(1)} ms`)
  // On a busy machine each takes longer, and so does the work: none may take much of its time.
  const share = slowest / (performance.now() - beganAt)
  assert.ok(answersMs.length >= 10 && share < 1 / 3, `${answersMs.length} answers, ${share}`)
})
