// A sync that fails: when it is tried again, and when it is not.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createFakeSync, failure, oid } from '../helpers/fake-sync.js'

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

  test('at once, but is completed by the look at what is in place, counts as published', async (t) => {
    const sync = createFakeSync(t)
    await sync.list({ path: 'a' })
    sync.forget()
    const inspect = sync.workers.inspect.bind(sync.workers)
    sync.workers.inspect = (site, ...more) => {
      sync.workers.inPlace.set(site.directory, oid(2))
      return inspect(site, ...more)
    }
    sync.workers.errors.publish.push(failure('volume-failed'))
    sync.remote().push(oid(2))
    await sync.clock.advance(60_000)
    assert.deepEqual([sync.status().oid, sync.status().error?.code], [oid(2), 'volume-failed'])
    assert.equal(Date.parse(sync.status().lastPublished as string), sync.clock.wallTime())
    assert.deepEqual(sync.workers.calls.slice(1), ['inspect /a', 'tidy /a'])
    await sync.clock.advance(60_000)
    assert.deepEqual([sync.status().state, sync.status().error], ['synced', null])
    assert.equal(sync.remote().fetches.length, 1)
  })

  test('and left what was in place is tidied after', async (t) => {
    const sync = createFakeSync(t)
    await sync.list({ path: 'a' })
    sync.forget()
    sync.workers.errors.publish.push(failure('volume-full'))
    sync.remote().push(oid(2))
    await sync.pollNow()
    assert.deepEqual(sync.workers.calls.slice(1), ['inspect /a', 'tidy /a'])
    assert.equal(sync.status().oid, oid(1))
  })

  test('halfway through what is in place looks again, and does not trust what it knew', async (t) => {
    const sync = createFakeSync(t)
    await sync.list({ path: 'a' })
    assert.equal(sync.status().oid, oid(1))
    sync.workers.errors.publish.push(failure('volume-failed'))
    sync.workers.errors.inspect.push(failure('volume-failed'))
    sync.remote().push(oid(2))
    await sync.pollNow()
    assert.equal(sync.status().oid, null)
    // The remote returns to what was in place before: that is not there any more.
    sync.remote().push(oid(1))
    await sync.clock.advance(60_000)
    assert.equal(sync.status().oid, oid(1))
    assert.equal(sync.eventsOf('sync-published').length, 2)
  })
})
