// Whatever happens in whatever order: once it is over, every directory is what its entry
// says, and nothing that left the listing is heard of again.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  createFakeSync,
  type FakeSync,
  failure,
  OTHER_REPO,
  oid,
  REPO,
} from '../helpers/fake-sync.js'
import fc from '../helpers/fast-check.js'
import { IS_WHOLE } from '../helpers/seed.js'

type Step = (sync: FakeSync) => unknown

const REPOS = [REPO, OTHER_REPO]
const BRANCHES = ['main', 'x']
const JOBS = ['inspect', 'publish', 'tidy', 'unpublish'] as const

const repo = fc.constantFrom(...REPOS)
const error = fc.constantFrom(
  failure('connection-refused'),
  failure('rate-limited', { retryAfterMs: 90_000 }),
  failure('access-denied'),
)
const listing = fc.uniqueArray(
  fc.record({
    path: fc.constantFrom('a', 'b', 'c', './a', './b'),
    repo,
    branch: fc.constantFrom(...BRANCHES),
    interval: fc.constantFrom('10s', '60s'),
    publish: fc.constantFrom('in-place', 'symlink'),
    suspend: fc.boolean(),
  }),
  { selector: ({ path }) => path.replace('./', ''), maxLength: 3 },
)

/** A listing that becomes empty prunes nothing. */
const KEPT = { path: 'kept', suspend: true }

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: listing.map((entries) => (sync: FakeSync) => sync.list(...entries, KEPT)),
  },
  fc
    .tuple(repo, fc.constantFrom(...BRANCHES), fc.integer({ min: 2, max: 9 }))
    .map(([url, branch, number]) => (sync: FakeSync) => {
      sync.remote(url).set(`refs/heads/${branch}`, oid(number))
    }),
  fc.tuple(repo, fc.option(error)).map(([url, pollError]) => (sync: FakeSync) => {
    sync.remote(url).pollError = pollError ?? undefined
  }),
  fc.tuple(repo, fc.option(error)).map(([url, fetchError]) => (sync: FakeSync) => {
    sync.remote(url).fetchError = fetchError ?? undefined
  }),
  fc.constantFrom(...JOBS).map((job) => (sync: FakeSync) => {
    sync.workers.errors[job].push(failure('volume-failed'))
  }),
  fc.tuple(fc.constantFrom(...JOBS), fc.boolean()).map(([job, isShut]) => (sync: FakeSync) => {
    const gate = sync.workers.gates[job]
    return isShut ? gate.shut() : gate.open()
  }),
  fc.tuple(repo, fc.boolean()).map(([url, isShut]) => (sync: FakeSync) => {
    const { polling } = sync.remote(url)
    return isShut ? polling.shut() : polling.open()
  }),
  fc.constant((sync: FakeSync) => sync.workers.tidyAgainInMs.push(20_000)),
  fc.constant((sync: FakeSync) => sync.pollNow()),
  {
    weight: 3,
    arbitrary: fc
      .constantFrom(0, 500, 7000, 60_000)
      .map((ms) => (sync: FakeSync) => sync.clock.advance(ms)),
  },
)

/** Ends every fault, and waits longer than any back-off lasts. */
async function calmDown(sync: FakeSync): Promise<void> {
  sync.workers.openGates()
  for (const job of JOBS) sync.workers.errors[job].length = 0
  for (const url of REPOS) {
    const remote = sync.remote(url)
    remote.polling.open()
    remote.pollError = undefined
    remote.fetchError = undefined
  }
  await sync.clock.advance(10 * 60_000)
}

function assertInPlace(sync: FakeSync, prune: boolean): void {
  const statuses = sync.synchronizer.status()
  for (const { path, ref, repo: url, state, oid: shown } of statuses) {
    const published = sync.workers.inPlace.get(`/${path.replace('./', '')}`)
    assert.equal(shown ?? undefined, published, path)
    if (state === 'suspended') continue
    assert.equal(state, 'synced', path)
    assert.equal(published, sync.remote(url).oidOf(ref), path)
  }
  if (!prune) return
  const listed = statuses.map(({ path }) => `/${path.replace('./', '')}`)
  for (const directory of sync.workers.inPlace.keys()) assert.ok(listed.includes(directory))
}

/** Between `entry-added` and `entry-removed` only, an entry is heard of. */
function assertEventsInLife(sync: FakeSync): void {
  const living = new Set<string>()
  for (const event of sync.events) {
    if (!('entry' in event)) continue
    const { entry, type } = event
    if (type === 'entry-added') {
      assert.ok(!living.has(entry), `${entry} is added twice`)
      living.add(entry)
    } else if (type === 'entry-removed') assert.ok(living.delete(entry), `${entry} is not there`)
    // To unpublish is the only work after the end.
    else if (type !== 'tidy-failed') assert.ok(living.has(entry), `${type} of ${entry}, which left`)
  }
}

for (const prune of [false, true]) {
  test(`all directories become what their entries say, ${prune ? 'with' : 'without'} PRUNE`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.boolean(), async (steps, isNarrow) => {
        const ends: (() => unknown)[] = []
        const scope = { after: (cleanUp: () => unknown) => ends.push(cleanUp) }
        const limits = isNarrow ? { maxConcurrentPolls: 1, maxConcurrentSyncs: 1 } : {}
        const sync = createFakeSync(scope, { prune, jitter: 0.1, ...limits })
        for (const url of REPOS) sync.remote(url).set('refs/heads/x', oid(1))
        for (const each of steps) await each(sync)
        await calmDown(sync)
        assertInPlace(sync, prune)
        assertEventsInLife(sync)
        for (const end of ends) await end()
      }),
      { numRuns: IS_WHOLE ? 500 : 100 },
    )
  })
}
