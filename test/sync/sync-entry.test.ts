// From a commit that a remote names to a published one: what is asked for, what follows a
// failure, and what may run at once.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { ErrorCode } from '../../src/base/errors.js'
import { createFakeSync, failure, OTHER_REPO, oid, REPO } from '../helpers/fake-sync.js'

const FULL = { haves: [], thinPack: false }
const thin = (have: string) => ({ haves: [have], thinPack: true })

describe('what is asked for', () => {
  test('everything at first, and then what the published commit lacks', async (t) => {
    const sync = createFakeSync(t)
    await sync.list({ path: 'a' })
    sync.remote().push(oid(2))
    await sync.clock.advance(60_000)
    assert.deepEqual(sync.remote().fetches, [
      { wants: [oid(1)], ...FULL },
      { wants: [oid(2)], ...thin(oid(1)) },
    ])
    assert.deepEqual(
      sync.workers.calls.filter((call) => call.startsWith('publish')),
      ['publish /a 1 over nothing', 'publish /a 2 over 1'],
    )
  })

  test('after a restart, what the commit in place lacks', async (t) => {
    const sync = createFakeSync(t)
    sync.workers.inPlace.set('/a', oid(9))
    await sync.list({ path: 'a' })
    assert.deepEqual(sync.remote().fetches, [{ wants: [oid(1)], ...thin(oid(9)) }])
  })

  test('on another branch of the remote, what the published commit lacks', async (t) => {
    const sync = createFakeSync(t)
    sync.remote().set('refs/heads/x', oid(3))
    await sync.list({ path: 'a' })
    await sync.list({ path: 'a', branch: 'x' })
    assert.deepEqual(sync.remote().fetches.at(-1), { wants: [oid(3)], ...thin(oid(1)) })
  })

  test('everything where the repo has another URL', async (t) => {
    const sync = createFakeSync(t)
    sync.remote(OTHER_REPO).push(oid(5))
    await sync.list({ path: 'a' })
    await sync.list({ path: 'a', repo: OTHER_REPO })
    assert.deepEqual(sync.remote(OTHER_REPO).fetches, [{ wants: [oid(5)], ...FULL }])
    sync.remote(OTHER_REPO).push(oid(6))
    await sync.clock.advance(60_000)
    assert.deepEqual(sync.remote(OTHER_REPO).fetches.at(-1), {
      wants: [oid(6)],
      ...thin(oid(5)),
    })
  })

  test('everything where the URL changed, and then more before anything was published', async (t) => {
    const sync = createFakeSync(t)
    const other = sync.remote(OTHER_REPO)
    other.push(oid(5))
    other.set('refs/heads/x', oid(6))
    await sync.list({ path: 'a' })
    other.polling.shut()
    await sync.list({ path: 'a', repo: OTHER_REPO })
    await sync.list({ path: 'a', repo: OTHER_REPO, branch: 'x' })
    other.polling.open()
    await sync.clock.advance(0)
    assert.deepEqual(other.fetches, [{ wants: [oid(6)], ...FULL }])
  })

  test('what is lacking where only the credentials changed', async (t) => {
    const sync = createFakeSync(t)
    await sync.list({ path: 'a' })
    sync.remote().push(oid(2))
    await sync.list({ path: 'a', repo: REPO.replace('//', '//ann:secret@') })
    assert.deepEqual(sync.remote().fetches.at(-1), { wants: [oid(2)], ...thin(oid(1)) })
  })
})

describe('a thin pack that does not serve', () => {
  const CODES: ErrorCode[] = [
    'base-missing',
    'pack-corrupt',
    'pack-incomplete',
    'protocol-error',
    'remote-error',
  ]
  for (const code of CODES) {
    test(`because of ${code} is followed by one fetch of everything`, async (t) => {
      const sync = createFakeSync(t)
      await sync.list({ path: 'a' })
      sync.remote().push(oid(2))
      sync.workers.errors.publish.push(failure(code))
      sync.forget()
      await sync.clock.advance(60_000)
      assert.deepEqual(sync.remote().fetches, [
        { wants: [oid(2)], ...thin(oid(1)) },
        { wants: [oid(2)], ...FULL },
      ])
      assert.deepEqual(sync.trace(), ['poll-changed a', 'fetch-fell-back a', 'sync-published a'])
      assert.equal(sync.eventsOf('fetch-fell-back')[0]?.error.code, code)
      assert.equal(sync.status().consecutiveFailures, 0)
    })
  }

  test('is not followed by another one where both fail', async (t) => {
    const sync = createFakeSync(t)
    await sync.list({ path: 'a' })
    sync.remote().push(oid(2))
    sync.workers.errors.publish.push(failure('base-missing'), failure('pack-corrupt'))
    sync.forget()
    await sync.clock.advance(60_000)
    assert.equal(sync.remote().fetches.length, 2)
    assert.deepEqual(sync.trace(), ['poll-changed a', 'fetch-fell-back a', 'sync-failed a'])
    assert.equal(sync.status().error?.code, 'pack-corrupt')
    assert.equal(sync.status().oid, oid(1))
  })

  for (const code of ['connection-failed', 'volume-full', 'unsafe-tree'] as const) {
    test(`because of ${code} is not followed by one of everything`, async (t) => {
      const sync = createFakeSync(t)
      await sync.list({ path: 'a' })
      sync.remote().push(oid(2))
      sync.workers.errors.publish.push(failure(code))
      sync.forget()
      await sync.clock.advance(60_000)
      assert.equal(sync.remote().fetches.length, 1)
      assert.deepEqual(sync.trace(), ['poll-changed a', 'sync-failed a'])
    })
  }

  test('is no reason for a second fetch where all was asked for at first', async (t) => {
    const sync = createFakeSync(t)
    sync.workers.errors.publish.push(failure('pack-corrupt'))
    await sync.list({ path: 'a' })
    assert.equal(sync.remote().fetches.length, 1)
    assert.equal(sync.eventsOf('fetch-fell-back').length, 0)
  })
})

describe('a sync that fails', () => {
  test('is tried again after a back-off that grows', async (t) => {
    const sync = createFakeSync(t, { random: () => 0.999 })
    sync.remote().fetchError = failure('connection-failed')
    await sync.list({ path: 'a', interval: '1s' })
    const waits: number[] = []
    for (let attempt = 1; attempt <= 9; attempt++) {
      assert.equal(sync.remote().fetches.length, attempt)
      waits.push(sync.nextPollInMs() as number)
      await sync.clock.advance(waits.at(-1) as number)
    }
    assert.deepEqual(
      waits,
      waits.toSorted((a, b) => a - b),
    )
    assert.ok((waits.at(-1) as number) > 55_000, `${waits}`)
    const failed = sync.eventsOf('sync-failed')
    assert.deepEqual(
      failed.slice(0, 3).map(({ attempt, oid: commit }) => [attempt, commit]),
      [1, 2, 3].map((attempt) => [attempt, oid(1)]),
    )
    assert.deepEqual(
      failed.slice(0, 9).map(({ retryInMs }) => retryInMs),
      waits,
    )
  })

  test('is not tried again sooner because polls went on while it ran', async (t) => {
    const sync = createFakeSync(t)
    sync.remote().fetchError = failure('connection-failed')
    sync.remote().fetching.shut()
    await sync.list({ path: 'a', interval: '10s' })
    await sync.clock.advance(45_000)
    assert.equal(sync.remote().polls.length, 5)
    sync.remote().fetching.open()
    await sync.clock.advance(0)
    assert.equal(sync.remote().fetches.length, 1)
    assert.equal(sync.eventsOf('sync-failed').length, 1)
  })

  test('succeeds later, and nothing is left of the failure', async (t) => {
    const sync = createFakeSync(t)
    sync.workers.errors.publish.push(failure('volume-full'), failure('volume-full'))
    await sync.list({ path: 'a' })
    await sync.clock.advance(60_000)
    const { state, error, consecutiveFailures } = sync.status()
    assert.deepEqual(
      { state, error, consecutiveFailures },
      { state: 'synced', error: null, consecutiveFailures: 0 },
    )
  })

  test('with what time rarely mends waits for the interval', async (t) => {
    const sync = createFakeSync(t)
    sync.workers.errors.publish.push(failure('path-blocked'))
    await sync.list({ path: 'a', interval: '90s' })
    assert.equal(sync.eventsOf('sync-failed')[0]?.retryInMs, 90_000)
    await sync.clock.advance(89_999)
    assert.equal(sync.status().state, 'failing')
    await sync.clock.advance(1)
    assert.equal(sync.status().state, 'synced')
  })

  test('is no failure of the others of its remote', async (t) => {
    const sync = createFakeSync(t)
    sync.workers.errors.publish.push(failure('volume-full'))
    await sync.list({ path: 'a' }, { path: 'b' })
    assert.deepEqual([sync.status('a').state, sync.status('b').state], ['failing', 'synced'])
  })

  test('because of what is no SyncError counts as internal', async (t) => {
    const sync = createFakeSync(t)
    sync.workers.errors.publish.push(new RangeError('a fault'))
    await sync.list({ path: 'a' })
    assert.deepEqual(sync.status().error, { code: 'internal', message: 'a fault' })
  })
})

describe('a commit that cannot be published', () => {
  const UNSAFE = failure('unsafe-tree')

  test('is not fetched again, while its remote is polled on', async (t) => {
    const sync = createFakeSync(t)
    sync.workers.errors.publish.push(UNSAFE)
    await sync.list({ path: 'a' })
    assert.equal(sync.eventsOf('sync-failed')[0]?.retryInMs, undefined)
    await sync.clock.advance(600_000)
    assert.deepEqual([sync.remote().polls.length, sync.remote().fetches.length], [11, 1])
    assert.equal(sync.status().state, 'stalled')
  })

  test('gives way to the next one', async (t) => {
    const sync = createFakeSync(t)
    sync.workers.errors.publish.push(UNSAFE)
    await sync.list({ path: 'a' })
    sync.remote().push(oid(2))
    await sync.clock.advance(60_000)
    assert.deepEqual([sync.status().state, sync.status().oid], ['synced', oid(2)])
  })

  test('is no failure any more where the remote returns to what is in place', async (t) => {
    const sync = createFakeSync(t)
    await sync.list({ path: 'a' })
    sync.workers.errors.publish.push(UNSAFE)
    sync.remote().push(oid(2))
    await sync.clock.advance(60_000)
    assert.equal(sync.status().state, 'stalled')
    sync.remote().push(oid(1))
    await sync.clock.advance(60_000)
    assert.deepEqual([sync.status().state, sync.status().error], ['synced', null])
  })

  test('is what status shows, also after the remote was down for a while', async (t) => {
    const sync = createFakeSync(t)
    sync.workers.errors.publish.push(UNSAFE)
    await sync.list({ path: 'a' })
    sync.remote().pollError = failure('connection-refused')
    await sync.clock.advance(60_000)
    assert.equal(sync.status().error?.code, 'connection-refused')
    sync.remote().pollError = undefined
    await sync.clock.advance(600_000)
    assert.deepEqual([sync.status().state, sync.status().error?.code], ['stalled', 'unsafe-tree'])
    assert.equal(sync.remote().fetches.length, 1)
  })
})

describe('what runs at once', () => {
  test('a newer commit found while one is being synced is synced after it', async (t) => {
    const sync = createFakeSync(t)
    sync.workers.gates.publish.shut()
    await sync.list({ path: 'a' })
    assert.equal(sync.status().state, 'syncing')
    sync.remote().push(oid(2))
    await sync.clock.advance(60_000)
    sync.remote().push(oid(3))
    await sync.clock.advance(60_000)
    assert.equal(sync.remote().fetches.length, 1, 'one directory, one sync')
    sync.workers.gates.publish.open()
    await sync.clock.advance(0)
    assert.deepEqual(
      sync.eventsOf('sync-published').map(({ oid: commit, previousOid }) => [commit, previousOid]),
      [
        [oid(1), undefined],
        [oid(3), oid(1)],
      ],
    )
    assert.equal(sync.status().state, 'synced')
  })

  test('a newer commit is synced at once where the one before it failed', async (t) => {
    const sync = createFakeSync(t)
    sync.workers.gates.publish.shut()
    sync.workers.errors.publish.push(failure('pack-corrupt'))
    await sync.list({ path: 'a' })
    sync.remote().push(oid(2))
    await sync.clock.advance(60_000)
    sync.workers.gates.publish.open()
    await sync.clock.advance(0)
    assert.deepEqual([sync.status().state, sync.status().oid], ['synced', oid(2)])
  })

  test('at most so many syncs', async (t) => {
    const sync = createFakeSync(t, { maxConcurrentSyncs: 3 })
    sync.workers.gates.publish.shut()
    await sync.list(...Array.from({ length: 10 }, (_, index) => ({ path: `p${index}` })))
    assert.equal(sync.workers.gates.publish.waiting, 3)
    sync.workers.gates.publish.open()
    await sync.clock.advance(0)
    assert.equal(sync.eventsOf('sync-published').length, 10)
    assert.equal(sync.workers.mostAtOnce, 3)
  })

  test('polls go on while every place for a sync is taken', async (t) => {
    const sync = createFakeSync(t, { maxConcurrentSyncs: 1 })
    sync.workers.inPlace.set('/b', oid(1))
    sync.remote(OTHER_REPO).fetching.shut()
    await sync.list({ path: 'a', repo: OTHER_REPO }, { path: 'b' })
    await sync.clock.advance(300_000)
    assert.equal(sync.remote().polls.length, 6)
  })
})

test('a publication is reported with all that belongs to it', async (t) => {
  const sync = createFakeSync(t)
  await sync.list({ path: 'a' })
  const { durationMs, phases, ...event } = sync.eventsOf('sync-published')[0] ?? {}
  assert.deepEqual(event, {
    type: 'sync-published',
    entry: 'a',
    repo: REPO,
    ref: 'refs/heads/main',
    oid: oid(1),
    previousOid: undefined,
    bytes: 4,
    filesWritten: 1,
    filesDeleted: 0,
    publishedAt: sync.clock.now(),
  })
  assert.ok(durationMs !== undefined && phases && phases.fetch >= 0)
  assert.equal(Date.parse(sync.status().lastPublished as string), sync.clock.now())
})
