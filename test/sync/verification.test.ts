// When published files are looked at again, and what is told of that.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createFakeSync, failure, oid } from '../helpers/fake-sync.js'

const VERIFY = { verifyIntervalMs: 600_000 }
const drift = { count: 2, paths: ['x', 'y'], missing: [oid(77)] }
const inspections = (calls: readonly string[]) => calls.filter((call) => /inspect/.test(call))

describe('published files are looked at', () => {
  test('at each interval, a share of their content each time', async (t) => {
    const sync = createFakeSync(t, VERIFY)
    await sync.list({ path: 'a' })
    sync.forget()
    await sync.clock.advance(300_000)
    assert.deepEqual(inspections(sync.workers.calls), ['inspect /a pass 12 of 24'])
    await sync.clock.advance(1_200_000)
    assert.deepEqual(inspections(sync.workers.calls).slice(1), [
      'inspect /a pass 13 of 24',
      'inspect /a pass 14 of 24',
    ])
    assert.equal(sync.eventsOf('drift-repaired').length, 0)
  })

  test('so that all content is hashed within a day, however long the interval', async (t) => {
    const sync = createFakeSync(t, { verifyIntervalMs: 6 * 3_600_000 })
    await sync.list({ path: 'a', interval: '1h' })
    await sync.clock.advance(6 * 3_600_000)
    assert.deepEqual(inspections(sync.workers.calls).slice(1), ['inspect /a pass 12 of 4'])
  })

  test('never where the interval is 0, nor of an entry that is suspended or left', async (t) => {
    const never = createFakeSync(t)
    await never.list({ path: 'a' })
    await never.clock.advance(86_400_000)
    assert.deepEqual(inspections(never.workers.calls), ['inspect /a'])

    const sync = createFakeSync(t, VERIFY)
    sync.workers.inPlace.set('/b', oid(1))
    await sync.list({ path: 'a' }, { path: 'b', suspend: true })
    await sync.list({ path: 'b', suspend: true })
    sync.forget()
    await sync.clock.advance(86_400_000)
    assert.deepEqual(sync.workers.calls, [])
  })

  test('and a failure of that is said, and tried again at the next time', async (t) => {
    const sync = createFakeSync(t, VERIFY)
    await sync.list({ path: 'a' })
    sync.workers.errors.inspect.push(failure('volume-failed'))
    await sync.clock.advance(300_000)
    assert.equal(sync.eventsOf('verify-failed')[0]?.error.code, 'volume-failed')
    assert.equal(sync.status().state, 'synced')
    sync.workers.drift.set('/a', drift)
    await sync.clock.advance(600_000)
    assert.equal(sync.eventsOf('drift-repaired').length, 1)
  })
})

test('what an earlier run published is told of, though the remote is away', async (t) => {
  const sync = createFakeSync(t)
  sync.workers.inPlace.set('/a', oid(1))
  sync.remote().pollError = failure('host-not-found')
  await sync.list({ path: 'a' })
  assert.deepEqual(
    sync.eventsOf('content-found').map((event) => event.oid),
    [oid(1)],
  )
  assert.equal(sync.eventsOf('poll-failed').length, 1)
})

test('what a look removed for `clean` is told of', async (t) => {
  const sync = createFakeSync(t, VERIFY)
  sync.workers.inPlace.set('/a', oid(1))
  sync.workers.foreign.set('/a', { count: 1, paths: ['x'] })
  await sync.list({ path: 'a', clean: true })
  sync.workers.foreign.set('/a', { count: 2, paths: ['y', 'z'] })
  await sync.clock.advance(600_000)
  assert.deepEqual(
    sync.eventsOf('foreign-removed').map(({ files, firstPaths }) => [files, firstPaths]),
    [
      [1, ['x']],
      [2, ['y', 'z']],
    ],
  )
})

describe('what cannot be trusted any more', () => {
  test('is said once, when nothing is found where something was', async (t) => {
    const sync = createFakeSync(t, VERIFY)
    await sync.list({ path: 'a' })
    sync.workers.inPlace.delete('/a')
    sync.workers.errors.publish.push(failure('volume-full'))
    await sync.clock.advance(300_000)
    assert.equal(sync.eventsOf('content-unknown').length, 1)
    assert.equal(sync.eventsOf('sync-failed').length, 1)
  })

  test('is said where a publication failed, and the look after it, too', async (t) => {
    const sync = createFakeSync(t, VERIFY)
    await sync.list({ path: 'a' })
    sync.remote().push(oid(2))
    sync.workers.errors.publish.push(failure('volume-failed'))
    sync.workers.errors.inspect.push(failure('volume-failed'))
    await sync.clock.advance(61_000)
    assert.equal(sync.eventsOf('content-unknown').length, 1)
  })
})

test('a look for drift that is overdue does not undo the back-off of an inspection', async (t) => {
  const sync = createFakeSync(t, { verifyIntervalMs: 30_000 })
  await sync.list({ path: 'a' })
  sync.workers.gates.inspect.shut()
  await sync.list({ path: 'a', branch: 'other' })
  await sync.clock.advance(120_000)
  sync.workers.errors.inspect.push(...Array.from({ length: 1000 }, () => failure('volume-failed')))
  sync.workers.calls.length = 0
  sync.workers.gates.inspect.open()
  await sync.clock.advance(60_000)
  const { length } = sync.workers.calls
  assert.ok(length > 0 && length < 20, `${length} looks in a minute`)
})
