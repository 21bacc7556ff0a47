// Whose turn it is: waiting, takeover and loss, with a fake clock and fake leases.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Oid } from '../../src/git/oid.js'
import { createFakeSync, type FakeSync, failure, oid } from '../helpers/fake-sync.js'
import type { TestScope } from '../helpers/git.js'

function create(t: TestScope, options: Parameters<typeof createFakeSync>[1] = {}): FakeSync {
  const sync = createFakeSync(t, options)
  sync.workers.leases.isWritable = true
  return sync
}

/** Another instance shows a sign of life every ten seconds, for so long. */
async function beat(sync: FakeSync, forMs: number): Promise<void> {
  for (let elapsed = 0; elapsed < forMs; elapsed += 10_000) {
    sync.workers.leases.others.set('/a', `beat ${elapsed}`)
    await sync.clock.advance(10_000)
  }
}

describe('an entry that another instance publishes', () => {
  test('is waited for, without work, while its holder shows signs of life', async (t) => {
    const sync = create(t)
    sync.workers.inPlace.set('/a', oid(1))
    sync.workers.leases.others.set('/a', 'first')
    await sync.list({ path: 'a' })
    await beat(sync, 300_000)
    assert.deepEqual(sync.workers.calls, [])
    const { state, error, consecutiveFailures } = sync.status()
    assert.deepEqual([state, error?.code, consecutiveFailures], ['waiting', 'lease-held', 0])
    assert.match(error?.message ?? '', /^holder of \/a publishes this entry/)
    assert.deepEqual(sync.synchronizer.readiness.waiting(), { a: error?.message })
    assert.equal(sync.synchronizer.readiness.hasStarted(), false)
    assert.deepEqual(sync.trace(), ['entry-added a', 'lease-awaited a'])
  })

  test('is taken over when nothing has changed for 30 s, and not before', async (t) => {
    const sync = create(t)
    sync.workers.leases.others.set('/a', 'first')
    await sync.list({ path: 'a' })
    await beat(sync, 60_000)
    await sync.clock.advance(20_500)
    assert.equal(sync.status().state, 'waiting')
    await sync.clock.advance(1_000)
    assert.equal(sync.status().state, 'synced')
    assert.deepEqual(sync.synchronizer.readiness.waiting(), {})
    const [taken] = sync.eventsOf('lease-taken')
    assert.equal(taken?.holder, 'holder of /a')
    assert.ok(taken && taken.waitedMs > 80_000 && taken.waitedMs < 82_000)
  })

  test('is taken over within a second when it was given back', async (t) => {
    const sync = create(t)
    sync.workers.leases.others.set('/a', 'first')
    await sync.list({ path: 'a' })
    await beat(sync, 20_000)
    sync.workers.leases.others.delete('/a')
    await sync.clock.advance(1_000)
    assert.equal(sync.status().state, 'synced')
  })

  test('is taken over at once from one that is known to be dead', async (t) => {
    const sync = create(t)
    sync.workers.leases.others.set('/a', 'first')
    sync.workers.leases.dead.add('/a')
    await sync.list({ path: 'a' })
    await sync.clock.advance(100)
    assert.equal(sync.status().state, 'synced')
    assert.deepEqual(sync.eventsOf('lease-awaited'), [])
    assert.equal(sync.eventsOf('lease-taken').length, 1)
  })

  test('does not hold up the others of its remote', async (t) => {
    const sync = create(t)
    sync.workers.leases.others.set('/a', 'first')
    await sync.list({ path: 'a' }, { path: 'b' })
    assert.deepEqual([sync.status('a').state, sync.status('b').state], ['waiting', 'synced'])
    sync.forget()
    await sync.clock.advance(5_000)
    assert.deepEqual(sync.remote().polls, [], 'no look at a lease is a poll')
  })

  test('stays in place when it leaves the listing, also with PRUNE', async (t) => {
    const sync = create(t, { prune: true })
    sync.workers.leases.others.set('/a', 'first')
    await sync.list({ path: 'a' }, { path: 'b' })
    await sync.list({ path: 'other' })
    const isUnpublish = (call: string) => call.startsWith('unpublish')
    assert.deepEqual(sync.workers.calls.filter(isUnpublish), ['unpublish /b'])
    assert.deepEqual([...sync.workers.leases.held], ['/other'])
  })

  test('keeps a one-time run waiting no longer than a sync may take', async (t) => {
    const sync = create(t, { syncTimeoutMs: 60_000 })
    sync.workers.leases.others.set('/a', 'first')
    await sync.list({ path: 'a' }, { path: 'b' })
    let isDone = false
    const done = sync.synchronizer.syncedOnce().then(() => {
      isDone = true
    })
    await beat(sync, 50_000)
    assert.equal(isDone, false)
    await beat(sync, 20_000)
    await done
    assert.deepEqual(
      sync.synchronizer.status().map(({ error }) => error?.code),
      ['lease-held', undefined],
    )
    assert.equal(sync.eventsOf('poll-failed')[0]?.error.code, 'lease-held')
  })
})

describe('an entry that this instance publishes', () => {
  test('is kept by a sign of life every ten seconds, given up at the end', async (t) => {
    const sync = create(t)
    await sync.list({ path: 'a' })
    await sync.clock.advance(60_000)
    assert.equal(sync.workers.leases.renewed.length, 6)
    await sync.synchronizer.close()
    assert.deepEqual([...sync.workers.leases.held], [])
  })

  test('is kept though the volume of another hangs', async (t) => {
    const sync = create(t)
    sync.workers.leases.hanging.add('/hangs')
    await sync.list({ path: 'a' }, { path: 'hangs' })
    await sync.clock.advance(60_000)
    const count = (file: string) =>
      sync.workers.leases.renewed.filter((each) => each === file).length
    assert.deepEqual([count('/a'), count('/hangs')], [6, 1])
  })

  test('that another took over is found out, and looked at anew when it is back', async (t) => {
    const sync = create(t)
    await sync.list({ path: 'a' })
    sync.workers.leases.others.set('/a', 'thief')
    await sync.clock.advance(10_000)
    assert.equal(sync.status().state, 'waiting')
    assert.equal(sync.eventsOf('lease-lost').length, 1)
    const inPlace: Oid = oid(2)
    sync.remote().push(inPlace)
    sync.workers.inPlace.set('/a', inPlace)
    sync.forget()
    sync.workers.leases.others.delete('/a')
    await sync.clock.advance(2_000)
    assert.equal(sync.status().oid, inPlace)
    assert.deepEqual(sync.workers.calls, ['inspect /a', 'tidy /a'])
  })

  test('that is lost in the middle of a sync is waited for', async (t) => {
    const sync = create(t)
    await sync.list({ path: 'a' })
    sync.remote().push(oid(2))
    sync.workers.errors.publish.push(failure('lease-lost'))
    sync.workers.gates.publish.shut()
    await sync.pollNow()
    sync.workers.leases.others.set('/a', 'thief')
    sync.workers.gates.publish.open()
    await sync.clock.advance(1_000)
    assert.deepEqual([sync.status().state, sync.status().error?.code], ['waiting', 'lease-held'])
    sync.workers.leases.others.delete('/a')
    await sync.clock.advance(2_000)
    assert.deepEqual([sync.status().state, sync.status().oid], ['synced', oid(2)])
  })

  test('whose lease cannot be looked at fails, and is tried again', async (t) => {
    const sync = create(t)
    sync.workers.leases.errors.push(failure('volume-failed'))
    await sync.list({ path: 'a' })
    assert.deepEqual([sync.status().state, sync.status().error?.code], ['failing', 'volume-failed'])
    await sync.clock.advance(60_000)
    assert.equal(sync.status().state, 'synced')
  })
})

describe('a lease that cannot be looked at', () => {
  test('does not have a suspended entry published', async (t) => {
    const sync = create(t)
    sync.workers.inPlace.set('/a', oid(2))
    sync.workers.gates.inspect.shut()
    await sync.list({ path: 'a', suspend: true }, { path: 'b' })
    sync.workers.leases.errors.push(...Array.from({ length: 4 }, () => failure('volume-failed')))
    sync.workers.gates.inspect.open()
    await sync.clock.advance(600_000)
    assert.equal(sync.status('a').oid, oid(2))
    assert.equal(sync.status('b').state, 'synced')
    assert.deepEqual(
      sync.workers.calls.filter((call) => call.startsWith('publish /a')),
      [],
    )
  })

  test('once does not end the looks for drift', async (t) => {
    const sync = create(t, { verifyIntervalMs: 600_000 })
    await sync.list({ path: 'a' })
    await sync.clock.advance(60_000)
    sync.workers.leases.errors.push(failure('volume-failed'))
    await sync.clock.advance(1_200_000)
    sync.workers.calls.length = 0
    await sync.clock.advance(1_200_000)
    assert.ok(sync.workers.calls.some((call) => call.startsWith('inspect /a pass')))
  })

  test('and is lost whenever it is used is asked for a few times a second at most', async (t) => {
    const sync = create(t)
    await sync.list({ path: 'a' })
    sync.workers.errors.publish.push(...Array.from({ length: 1000 }, () => failure('lease-lost')))
    sync.remote().push(oid(2))
    await sync.pollNow()
    await sync.clock.advance(60_000)
    const { length } = sync.eventsOf('lease-lost')
    assert.ok(length > 0 && length <= 180, `lost ${length} times in a minute`)
  })
})

test('the more entries wait, the less often each looks', async (t) => {
  const sync = create(t)
  const paths = Array.from({ length: 1000 }, (_, index) => `p${index}`)
  for (const path of paths) sync.workers.leases.others.set(`/${path}`, 'first')
  await sync.list(...paths.map((path) => ({ path })))
  sync.workers.leases.asked = 0
  await sync.clock.advance(10_000)
  const { asked } = sync.workers.leases
  assert.ok(asked >= 1000 && asked <= 3000, `${asked} looks`)
})
