import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { withTimeLimit } from '../../src/sync/time-limit.js'
import { failsWith } from '../helpers/fails-with.js'
import { FakeClock } from '../helpers/fake-clock.js'
import { createFakeSync, failure, oid } from '../helpers/fake-sync.js'

describe('withTimeLimit', () => {
  const never = () => new AbortController().signal
  /** Work that fails in its own words when it is aborted. */
  const untilAborted = (signal: AbortSignal) =>
    new Promise<never>((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(new Error('the connection was reset')))
    })

  test('returns what the work returns, and leaves no timer', async () => {
    const clock = new FakeClock()
    const result = await withTimeLimit(1000, clock, never(), async (signal) => {
      assert.equal(clock.pendingTimers, 1)
      return signal.aborted
    })
    assert.deepEqual([result, clock.pendingTimers], [false, 0])
  })

  test('throws what the work throws, also at once, and leaves no timer', async () => {
    const clock = new FakeClock()
    const error = new Error('at once')
    const works = [
      () => Promise.reject(error),
      () => {
        throw error
      },
    ]
    for (const work of works) {
      await assert.rejects(withTimeLimit(1000, clock, never(), work), error)
      assert.equal(clock.pendingTimers, 0)
    }
  })

  test('gives up work that does not end, and says so', async () => {
    const clock = new FakeClock()
    const hanging = withTimeLimit(1000, clock, never(), () => new Promise(() => {}))
    hanging.catch(() => {})
    await clock.advance(1000)
    await clock.advance(19_999)
    assert.equal(clock.pendingTimers, 1)
    await clock.advance(1)
    await assert.rejects(hanging, failsWith('volume-hangs', /after it was told to stop/))
    assert.equal(clock.pendingTimers, 0)
  })

  test('throws sync-timeout, whatever the aborted work throws', async () => {
    const clock = new FakeClock()
    const limited = withTimeLimit(90_000, clock, never(), untilAborted)
    const rejected = assert.rejects(limited, failsWith('sync-timeout', /90 s: raise SYNC_TIMEOUT/))
    await clock.advance(89_999)
    assert.equal(clock.pendingTimers, 1)
    await clock.advance(1)
    await rejected
    assert.equal(clock.pendingTimers, 0)
  })

  test('tells a limit below a second as it is', async () => {
    const clock = new FakeClock()
    const limited = withTimeLimit(250, clock, never(), untilAborted)
    const rejected = assert.rejects(limited, failsWith('sync-timeout', /after 0\.25 s/))
    await clock.advance(250)
    await rejected
  })

  test('passes the outer signal on; its own reason wins where it is a SyncError', async () => {
    for (const [reason, expected] of [
      [failure('aborted'), failsWith('aborted')],
      [undefined, /the connection was reset/],
    ] as const) {
      const clock = new FakeClock()
      const outer = new AbortController()
      const limited = withTimeLimit(1000, clock, outer.signal, untilAborted)
      outer.abort(reason)
      await assert.rejects(limited, expected)
      assert.equal(clock.pendingTimers, 0)
    }
  })

  test('keeps a result that comes in spite of the abort', async () => {
    const clock = new FakeClock()
    const limited = withTimeLimit(1000, clock, never(), async () => {
      await clock.advance(2000)
      return 'done'
    })
    assert.equal(await limited, 'done')
  })
})

describe('SYNC_TIMEOUT', () => {
  test('ends a poll', async (t) => {
    const sync = createFakeSync(t, { syncTimeoutMs: 5000 })
    sync.remote().polling.shut()
    await sync.list({ path: 'a' })
    await sync.clock.advance(5000)
    assert.deepEqual(
      sync.eventsOf('poll-failed').map(({ error }) => error.code),
      ['sync-timeout'],
    )
    sync.remote().polling.open()
    await sync.clock.advance(60_000)
    assert.equal(sync.status().state, 'synced')
  })

  for (const where of ['fetch', 'publish'] as const) {
    test(`ends a sync during its ${where}`, async (t) => {
      const sync = createFakeSync(t, { syncTimeoutMs: 5000 })
      const gate = where === 'fetch' ? sync.remote().fetching : sync.workers.gates.publish
      gate.shut()
      await sync.list({ path: 'a' })
      await sync.clock.advance(4999)
      assert.equal(sync.status().state, 'syncing')
      await sync.clock.advance(1)
      const [failed] = sync.eventsOf('sync-failed')
      assert.equal(failed?.error.code, 'sync-timeout')
      assert.equal(failed?.error.disposition, 'retry')
      gate.open()
      await sync.clock.advance(60_000)
      assert.equal(sync.status().state, 'synced')
    })
  }

  test('is one limit for the thin fetch and for the one of everything', async (t) => {
    const sync = createFakeSync(t, { syncTimeoutMs: 5000 })
    await sync.list({ path: 'a' })
    sync.remote().push(oid(2))
    sync.workers.errors.publish.push(failure('base-missing'))
    sync.remote().fetching.shut()
    await sync.clock.advance(60_000 + 3000)
    sync.remote().fetching.open()
    sync.workers.gates.publish.shut()
    sync.remote().fetching.shut()
    sync.workers.gates.publish.open()
    await sync.clock.advance(0)
    assert.equal(sync.remote().fetches.length, 3)
    await sync.clock.advance(1999)
    assert.equal(sync.eventsOf('sync-failed').length, 0)
    await sync.clock.advance(1)
    assert.equal(sync.eventsOf('sync-failed')[0]?.error.code, 'sync-timeout')
  })

  test('in a thin fetch is no reason to fetch everything', async (t) => {
    const sync = createFakeSync(t, { syncTimeoutMs: 5000 })
    await sync.list({ path: 'a' })
    sync.remote().push(oid(2))
    sync.workers.gates.publish.shut()
    await sync.clock.advance(65_000)
    assert.equal(sync.eventsOf('fetch-fell-back').length, 0)
    assert.equal(sync.eventsOf('sync-failed').length, 1)
  })
})
