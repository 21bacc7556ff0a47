// A suspended entry keeps what is there, and its remote is not asked for it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createFakeSync, failure, oid } from '../helpers/fake-sync.js'

const SUSPENDED = { path: 'a', suspend: true }

test('is inspected, and never polled, also not on demand', async (t) => {
  const sync = createFakeSync(t)
  sync.workers.inPlace.set('/a', oid(7))
  await sync.list(SUSPENDED)
  await sync.pollNow()
  await sync.clock.advance(3_600_000)
  assert.deepEqual(sync.remote().polls, [])
  const { state, oid: published, nextPoll, error } = sync.status()
  assert.deepEqual(
    { state, published, nextPoll, error },
    { state: 'suspended', published: oid(7), nextPoll: null, error: null },
  )
  assert.deepEqual(sync.synchronizer.readiness.missing(), [])
})

test('is missing where nothing is in place', async (t) => {
  const sync = createFakeSync(t)
  await sync.list(SUSPENDED)
  assert.deepEqual(sync.synchronizer.readiness.missing(), ['a'])
})

test('does not take part in the polls of its remote', async (t) => {
  const sync = createFakeSync(t, { jitter: 1 })
  await sync.list({ ...SUSPENDED, branch: 'x' }, { path: 'b' })
  await sync.pollNow()
  assert.deepEqual(sync.remote().polls, [['HEAD'], ['HEAD']])
})

test('when it is suspended, its sync is aborted and its polls end', async (t) => {
  const sync = createFakeSync(t)
  await sync.list({ path: 'a' })
  sync.remote().push(oid(2))
  sync.workers.gates.publish.shut()
  await sync.clock.advance(60_000)
  await sync.list(SUSPENDED)
  sync.workers.gates.publish.open()
  await sync.clock.advance(3_600_000)
  assert.equal(sync.remote().polls.length, 2)
  assert.deepEqual([sync.status().state, sync.status().oid], ['suspended', oid(1)])
  assert.equal(sync.workers.inPlace.get('/a'), oid(1))
})

test('when it is resumed, it is polled at once', async (t) => {
  const sync = createFakeSync(t)
  await sync.list(SUSPENDED)
  await sync.list({ path: 'a' })
  assert.deepEqual([sync.status().state, sync.status().oid], ['synced', oid(1)])
  await sync.clock.advance(60_000)
  assert.equal(sync.remote().polls.length, 2)
})

test('is inspected again where that failed, and then shows no error', async (t) => {
  const sync = createFakeSync(t)
  sync.workers.inPlace.set('/a', oid(7))
  sync.workers.errors.inspect.push(failure('volume-failed'), failure('volume-failed'))
  await sync.list(SUSPENDED)
  assert.equal(sync.status().error?.code, 'volume-failed')
  // Neither of these makes it forget to try again.
  await sync.list({ ...SUSPENDED, required: false })
  assert.equal(sync.status().consecutiveFailures, 2)
  await sync.pollNow()
  const { state, error, consecutiveFailures, oid: published } = sync.status()
  assert.deepEqual(
    { state, error, consecutiveFailures, published },
    { state: 'suspended', error: null, consecutiveFailures: 0, published: oid(7) },
  )
  assert.deepEqual(sync.remote().polls, [])
})
