// Remotes with every fault there is: what they name arrives all the same, they are not
// asked more often than back-off allows, and other remotes do not notice.
import assert from 'node:assert/strict'
import { readlinkSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { median } from '../bench/statistics.js'
import {
  FAULT_NAMES,
  type Fault,
  type FaultProxy,
  type ProxiedRequest,
  startFaultProxy,
} from '../helpers/fault-proxy.js'
import { assertSameTree, createRepo, type TestRepo, tempDir } from '../helpers/git.js'
import { commitFiles } from '../helpers/git-commit.js'
import { startGitServer } from '../helpers/git-http-server.js'
import { type Random, randomFrom, randomHistory } from '../helpers/random-history.js'
import { IS_WHOLE, SEED } from '../helpers/seed.js'
import { startService, until, writeListing } from '../helpers/service.js'

const COMMITS = IS_WHOLE ? 60 : 20
const BURSTS = IS_WHOLE ? 12 : 4
const INTERVAL_MS = 150
/** How often a remote that is not well has a fault. */
const SHARE_OF_FAULTS = 0.3
/** The shortest back-off, less what timers take. */
const SHORTEST_BACKOFF_MS = 450
/**
 * How many requests a healthy remote gets until a commit of it is published, most of the time:
 * fewer than the polls that fit into the IDLE_TIMEOUT of another, for which it would wait else.
 */
const MOST_REQUESTS = 16

test('all commits arrive, whatever their remotes do, at no expense of another', async (t) => {
  const random = randomFrom(SEED)
  const dir = tempDir(t)
  const root = path.join(dir, 'repos')
  const busy = createRepo(path.join(root, 'busy'), { bare: true })
  const calm = createRepo(path.join(root, 'calm'), { bare: true })
  // What takes long to pack and to publish would hide what is slow for another reason.
  const history = randomHistory(random, { hasLarge: false })
  const push = (repo: TestRepo, files = history.next().value): string => {
    const oid = commitFiles(repo, files)
    repo.git('update-ref', 'refs/heads/main', oid)
    return oid
  }
  const server = await startGitServer(t, { root })
  const old = await startGitServer(t, { root, protocol: 0 })
  const flaky = [await startFaultProxy(t, server.url), await startFaultProxy(t, old.url)] as const
  const dead = await startFaultProxy(t, server.url)
  const entries = flaky.flatMap(({ url }, index) =>
    (['in-place', 'symlink'] as const).map((publish) => ({
      path: `out/${index}-${publish}`,
      repo: `${url}/busy`,
      branch: 'main',
      publish,
    })),
  )
  const listingPath = path.join(dir, 'listing.json')
  writeListing(listingPath, [
    ...entries,
    { path: 'out/dead', repo: `${dead.url}/busy`, branch: 'main', required: false },
    { path: 'out/calm', repo: `${server.url}/calm`, branch: 'main' },
  ])
  const pushed = [push(busy)]
  const service = await startService(t, {
    listingPath,
    settings: {
      SCRAPE_INTERVAL: `${INTERVAL_MS}ms`,
      IDLE_TIMEOUT: '3s',
      WORKTREE_GRACE_PERIOD: '2s',
    },
  })
  const first = push(calm)
  for (const entry of [...entries, { path: 'out/dead' }]) {
    await service.untilPublished(entry.path, pushed[0] as string)
  }
  await service.untilPublished('out/calm', first)

  const next = cycleOf(shuffled(FAULT_NAMES, random))
  for (const proxy of flaky) {
    proxy.choose = () => (random() < SHARE_OF_FAULTS ? next() : undefined)
  }
  const fatal = cycleOf(FAULT_NAMES.filter((fault) => fault !== 'drip'))
  dead.choose = () => fatal()
  const stormBeganAt = performance.now()

  const calmRequests = () => server.requests.filter(({ path }) => path.startsWith('/calm')).length
  const requestsTaken: number[] = []
  const hadAll = () => new Set(flaky.flatMap(faultsOf)).size === FAULT_NAMES.length
  while (pushed.length < COMMITS || !hadAll()) {
    for (let count = 0; count < COMMITS / BURSTS; count++) pushed.push(push(busy))
    const oid = push(calm, { file: `${pushed.length}` })
    const requestsBefore = calmRequests()
    await service.untilPublished('out/calm', oid)
    requestsTaken.push(calmRequests() - requestsBefore)
    const links = entries.filter(({ publish }) => publish === 'symlink')
    const link = path.join(dir, links[requestsTaken.length % links.length]?.path ?? '')
    const target = path.resolve(path.dirname(link), readlinkSync(link))
    assert.ok(pushed.includes(path.basename(target)), `${target} is no commit of the remote`)
    assertSameTree(target, busy.dir, path.basename(target))
    await sleep(random() * 200)
  }
  const stormMs = performance.now() - stormBeganAt
  const requests = flaky.map((proxy) => since(proxy, stormBeganAt))
  for (const proxy of flaky) proxy.choose = () => undefined

  const last = pushed.at(-1) as string
  for (const { path: directory } of entries) {
    await until(
      async () => (await service.entry(directory)).oid === last,
      async () => JSON.stringify(await service.entry(directory)),
    )
    assertSameTree(path.join(dir, directory), busy.dir, last)
  }
  const healedMs = performance.now() - stormBeganAt - stormMs

  const usual = median(requestsTaken)
  const faults = flaky.flatMap(faultsOf)
  t.diagnostic(
    `${Math.round(stormMs)} ms with ${faults.length} faults in ${requests.flat().length} requests, ` +
      `then ${Math.round(healedMs)} ms; the healthy remote got ${usual} requests for a commit, most of the time`,
  )
  assert.ok(usual <= MOST_REQUESTS, `a commit of the healthy remote took ${usual} requests`)
  // A poll takes two requests at most, and each of two entries may fetch twice.
  for (const { length } of requests) {
    assert.ok(length < (stormMs / (0.9 * INTERVAL_MS)) * 4, `${length} requests`)
  }
  assertBackedOff(since(dead, stormBeganAt), performance.now() - stormBeganAt)
  assertSameTree(path.join(dir, 'out/dead'), busy.dir, pushed[0] as string)
  assert.equal((await service.get('/readyz')).status, 200)
  const internal = service.logs.filter(
    ({ errorCode, message }) => errorCode === 'internal' || /fault in this/.test(message),
  )
  assert.deepEqual(internal, [])
})

/** Back-off waits half a second at least, and up to 1, 2, 4, ... s, evenly spread. */
function assertBackedOff(requests: readonly ProxiedRequest[], durationMs: number): void {
  const attempts: number[] = []
  let resent = 0
  for (const { at } of requests) {
    // What came over a connection that was open before goes out once more.
    if (at - (attempts.at(-1) ?? Number.NEGATIVE_INFINITY) < SHORTEST_BACKOFF_MS) resent++
    else attempts.push(at)
  }
  assert.ok(resent <= attempts.length, `${resent} requests were sent again`)
  // Ten waits come to less than 15 s once in 100,000 times.
  const most = 10 + Math.ceil(durationMs / 15_000)
  assert.ok(attempts.length <= most, `${attempts.length} attempts in ${durationMs} ms`)
}

function faultsOf({ requests }: FaultProxy): Fault[] {
  return requests.flatMap(({ fault }) => fault ?? [])
}

function since({ requests }: FaultProxy, at: number): ProxiedRequest[] {
  return requests.filter((request) => request.at >= at)
}

function shuffled<T>(items: readonly T[], random: Random): T[] {
  return items
    .map((item) => ({ item, place: random() }))
    .sort((a, b) => a.place - b.place)
    .map(({ item }) => item)
}

/** Gives one fault after the other, again and again. */
function cycleOf(faults: readonly Fault[]): () => Fault {
  let count = 0
  return () => faults[count++ % faults.length] as Fault
}
