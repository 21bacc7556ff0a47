// The work on what is in place: inspection at the start, readiness, and tidying.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createFakeSync, failure, OTHER_REPO, oid } from '../helpers/fake-sync.js'
import { randomFrom } from '../helpers/random-history.js'
import { SEED } from '../helpers/seed.js'

describe('what is found in place', () => {
  test('intact makes ready at once, and is not fetched', async (t) => {
    const sync = createFakeSync(t)
    sync.workers.inPlace.set('/a', oid(1))
    sync.remote().polling.shut()
    await sync.list({ path: 'a' })
    assert.deepEqual(
      [sync.synchronizer.readiness.missing(), sync.synchronizer.readiness.hasStarted()],
      [[], true],
    )
    sync.remote().polling.open()
    await sync.clock.advance(0)
    assert.deepEqual(sync.remote().fetches, [])
    assert.deepEqual(sync.trace(), ['entry-added a', 'content-found a', 'poll-unchanged a'])
    assert.equal(sync.status().state, 'synced')
  })

  test('keeps ready while the remote is down', async (t) => {
    const sync = createFakeSync(t)
    sync.workers.inPlace.set('/a', oid(1))
    sync.remote().pollError = failure('host-not-found')
    await sync.list({ path: 'a' })
    assert.deepEqual([sync.synchronizer.readiness.missing(), sync.status().state], [[], 'failing'])
  })

  test('not intact is fetched, and missing until it is published', async (t) => {
    const sync = createFakeSync(t)
    sync.remote().fetching.shut()
    await sync.list({ path: 'a' }, { path: 'b', required: false })
    assert.deepEqual(
      [sync.synchronizer.readiness.missing(), sync.synchronizer.readiness.hasStarted()],
      [['a'], false],
    )
    sync.remote().fetching.open()
    await sync.clock.advance(0)
    assert.deepEqual(
      [sync.synchronizer.readiness.missing(), sync.synchronizer.readiness.hasStarted()],
      [[], true],
    )
  })

  test('of all entries of a remote is known before its first poll, which is one', async (t) => {
    const sync = createFakeSync(t, { maxConcurrentSyncs: 2 })
    await sync.list(...Array.from({ length: 20 }, (_, index) => ({ path: `p${index}` })))
    assert.equal(sync.remote().polls.length, 1)
    assert.deepEqual(
      new Set(sync.workers.calls.slice(0, 20).map((call) => call.split(' ')[0])),
      new Set(['inspect']),
    )
  })
})

test('that all has started stays true when an entry comes on top', async (t) => {
  const sync = createFakeSync(t)
  await sync.list({ path: 'a' })
  assert.equal(sync.synchronizer.readiness.hasStarted(), true)
  sync.remote(OTHER_REPO).pollError = failure('connection-refused')
  await sync.list({ path: 'a' }, { path: 'b', repo: OTHER_REPO })
  assert.equal(sync.synchronizer.readiness.hasStarted(), true)
})

describe('an entry that is added while the service runs', () => {
  test('counts from its first content on: a mistyped branch takes nobody out of service', async (t) => {
    const sync = createFakeSync(t)
    const { readiness } = sync.synchronizer
    await sync.list({ path: 'a' })
    await sync.list({ path: 'a' }, { path: 'b', branch: 'mian' })
    assert.deepEqual(readiness.missing(), [])
    assert.equal(sync.status('b').error?.code, 'branch-not-found')
    await sync.list({ path: 'a' }, { path: 'b', branch: 'mian', required: false })
    await sync.list({ path: 'a' }, { path: 'b', branch: 'mian' })
    assert.deepEqual(readiness.missing(), [], 'also where it is changed meanwhile')
  })

  test('counts while another instance publishes it once it had content', async (t) => {
    const sync = createFakeSync(t)
    const { readiness } = sync.synchronizer
    const { leases } = sync.workers
    leases.isWritable = true
    await sync.list({ path: 'a' })
    leases.others.set('/b', 'seen')
    await sync.list({ path: 'a' }, { path: 'b' })
    assert.deepEqual([sync.status('b').state, readiness.waiting()], ['waiting', {}])
    leases.others.delete('/b')
    await sync.clock.advance(1000)
    assert.equal(sync.status('b').state, 'synced')
    leases.others.set('/b', 'seen')
    await sync.clock.advance(15_000)
    assert.deepEqual(Object.keys(readiness.waiting()), ['b'])
  })

  test('counts at once where all has not started yet, for that it has', async (t) => {
    const sync = createFakeSync(t)
    const { readiness } = sync.synchronizer
    await sync.list({ path: 'a', branch: 'mian' })
    await sync.list({ path: 'a', branch: 'mian' }, { path: 'b', branch: 'mian' })
    assert.deepEqual([readiness.missing(), readiness.starting()], [['a'], ['a', 'b']])
    await sync.list({ path: 'a' }, { path: 'b', branch: 'mian' })
    assert.deepEqual([readiness.missing(), readiness.starting()], [[], ['b']])
    await sync.list({ path: 'a' }, { path: 'b' })
    assert.deepEqual([readiness.hasStarted(), readiness.starting()], [true, []])
  })
})

test('that all has started is remembered, also where nobody asked before', async (t) => {
  const sync = createFakeSync(t)
  sync.workers.inPlace.set('/a', oid(1))
  sync.remote(OTHER_REPO).pollError = failure('connection-refused')
  await sync.list({ path: 'a' })
  await sync.list({ path: 'a' }, { path: 'b', repo: OTHER_REPO })
  assert.deepEqual(
    [sync.synchronizer.readiness.missing(), sync.synchronizer.readiness.hasStarted()],
    [[], true],
  )
})

describe('an inspection that fails', () => {
  test('is tried again, and holds up neither the others nor its own poll for ever', async (t) => {
    const sync = createFakeSync(t)
    sync.workers.errors.inspect.push(failure('volume-failed'))
    await sync.list({ path: 'a' }, { path: 'b' })
    assert.deepEqual([sync.status('a').state, sync.status('b').state], ['failing', 'synced'])
    const failed = sync.eventsOf('poll-failed')[0]
    assert.deepEqual([failed?.entry, failed?.error.code], ['a', 'volume-failed'])
    await sync.clock.advance(failed?.retryInMs as number)
    assert.equal(sync.status('a').state, 'synced')
    assert.equal(sync.workers.calls.filter((call) => call === 'inspect /a').length, 2)
  })

  test('backs off', async (t) => {
    const sync = createFakeSync(t, { jitter: 0.1, random: randomFrom(SEED) })
    sync.workers.errors.inspect.push(
      ...Array.from({ length: 1000 }, () => failure('volume-failed')),
    )
    await sync.list({ path: 'a', interval: '1s' })
    await sync.clock.advance(3_600_000)
    const count = sync.workers.calls.length
    assert.ok(count > 60 && count < 200, `${count} inspections`)
    assert.deepEqual(sync.remote().polls, [])
    sync.workers.errors.inspect.length = 0
  })
})

describe('tidying', () => {
  const tidied = (calls: readonly string[]) => calls.filter((call) => call.startsWith('tidy'))

  test('follows each publication, and what was found in place', async (t) => {
    const sync = createFakeSync(t)
    sync.workers.inPlace.set('/a', oid(9))
    await sync.list({ path: 'a' }, { path: 'b' })
    assert.deepEqual(
      sync.workers.calls.filter((call) => call.endsWith('/a') || call.includes('/a ')),
      ['inspect /a', 'tidy /a', 'publish /a 1 over 9', 'tidy /a'],
    )
    assert.deepEqual(
      sync.workers.calls.filter((call) => call.includes('/b')),
      ['inspect /b', 'publish /b 1 over nothing', 'tidy /b'],
    )
    await sync.clock.advance(600_000)
    assert.equal(tidied(sync.workers.calls).length, 3, 'nothing new, nothing to tidy')
  })

  test('does not hold up the first poll', async (t) => {
    const sync = createFakeSync(t)
    sync.workers.inPlace.set('/a', oid(1))
    sync.workers.gates.tidy.shut()
    await sync.list({ path: 'a' })
    assert.equal(sync.remote().polls.length, 1)
  })

  test('is done again when there is more to do, once', async (t) => {
    const sync = createFakeSync(t)
    sync.workers.tidyAgainInMs.push(10_000, 5000)
    await sync.list({ path: 'a' })
    assert.equal(tidied(sync.workers.calls).length, 1)
    await sync.clock.advance(9999)
    assert.equal(tidied(sync.workers.calls).length, 1)
    await sync.clock.advance(1)
    assert.equal(tidied(sync.workers.calls).length, 2)
    await sync.clock.advance(5000)
    assert.equal(tidied(sync.workers.calls).length, 3)
    await sync.clock.advance(600_000)
    assert.equal(tidied(sync.workers.calls).length, 3)
  })

  test('is not forgotten over a sync that fails, and not done twice over one that succeeds', async (t) => {
    const sync = createFakeSync(t)
    sync.workers.tidyAgainInMs.push(30_000)
    await sync.list({ path: 'a', interval: '10s' })
    sync.workers.errors.publish.push(failure('connection-failed'))
    sync.remote().push(oid(2))
    await sync.clock.advance(10_000)
    assert.equal(sync.eventsOf('sync-failed').length, 1)
    sync.remote().push(oid(1))
    await sync.clock.advance(19_999)
    assert.equal(tidied(sync.workers.calls).length, 1)
    await sync.clock.advance(1)
    assert.equal(tidied(sync.workers.calls).length, 2)
    sync.workers.tidyAgainInMs.push(30_000)
    sync.remote().push(oid(3))
    await sync.clock.advance(10_000)
    assert.equal(tidied(sync.workers.calls).length, 3)
    await sync.clock.advance(600_000)
    assert.equal(tidied(sync.workers.calls).length, 4)
  })

  test('keeps one timer, however many publications ask for it', async (t) => {
    const sync = createFakeSync(t)
    sync.workers.tidyAgainInMs.push(...Array.from({ length: 20 }, () => 3_600_000))
    await sync.list({ path: 'a', interval: '1s' })
    const { pendingTimers } = sync.clock
    for (let commit = 2; commit < 20; commit++) {
      sync.remote().push(oid(commit))
      await sync.clock.advance(1000)
    }
    assert.equal(sync.eventsOf('sync-published').length, 19)
    assert.equal(sync.clock.pendingTimers, pendingTimers)
  })

  test('that fails is an event, and no failure of the entry', async (t) => {
    const sync = createFakeSync(t)
    sync.workers.errors.tidy.push(failure('volume-failed'))
    await sync.list({ path: 'a' })
    assert.deepEqual(
      sync.eventsOf('tidy-failed').map(({ entry, error }) => [entry, error.code]),
      [['a', 'volume-failed']],
    )
    const { state, error, consecutiveFailures } = sync.status()
    assert.deepEqual(
      { state, error, consecutiveFailures },
      { state: 'synced', error: null, consecutiveFailures: 0 },
    )
  })

  test('that fails is tried again after the interval, or a minute where that is longer', async (t) => {
    const sync = createFakeSync(t)
    sync.workers.errors.tidy.push(failure('volume-failed'), failure('volume-failed'))
    await sync.list({ path: 'a', interval: '1s' }, { path: 'b', interval: '90s' })
    await sync.clock.advance(59_999)
    assert.equal(tidied(sync.workers.calls).length, 2)
    await sync.clock.advance(1)
    assert.deepEqual(tidied(sync.workers.calls).slice(2), ['tidy /a'])
    await sync.clock.advance(30_000)
    assert.deepEqual(tidied(sync.workers.calls).slice(3), ['tidy /b'])
    await sync.clock.advance(600_000)
    assert.equal(tidied(sync.workers.calls).length, 4)
  })

  test('of an entry that left is not done any more', async (t) => {
    const sync = createFakeSync(t)
    sync.workers.tidyAgainInMs.push(10_000)
    await sync.list({ path: 'a' })
    await sync.list()
    assert.equal(sync.clock.pendingTimers, 0)
    sync.forget()
    await sync.clock.advance(600_000)
    assert.deepEqual(sync.workers.calls, [])
  })

  test('gives way to a change of its entry', async (t) => {
    const sync = createFakeSync(t)
    sync.remote().set('refs/heads/x', oid(2))
    sync.workers.gates.tidy.shut()
    await sync.list({ path: 'a' })
    assert.equal(sync.workers.gates.tidy.waiting, 1)
    await sync.list({ path: 'a', branch: 'x' })
    sync.workers.gates.tidy.open()
    await sync.clock.advance(0)
    assert.equal(sync.status().oid, oid(2))
    assert.equal(sync.eventsOf('tidy-failed').length, 0)
  })
})
