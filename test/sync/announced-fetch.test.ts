// What was announced is fetched at once, beside the poll that must confirm it.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { announce, type Pushed, pollsOf, wantsOf } from '../helpers/announce.js'
import { createFakeSync, type FakeSync, failure, oid } from '../helpers/fake-sync.js'
import { Gate } from '../helpers/gate.js'
import type { TestScope } from '../helpers/git.js'

describe('what was announced is fetched beside the poll', () => {
  test('and published once that confirms it', async (t) => {
    const sync = createFakeSync(t)
    await sync.list({ path: 'a' })
    sync.forget()
    sync.remote().push(oid(2))
    sync.remote().polling.shut()
    await announce(sync, { oid: oid(2), before: oid(1) })
    assert.deepEqual(wantsOf(sync), [[oid(2)]])
    await sync.clock.advance(1_000)
    assert.deepEqual([sync.status().oid, sync.status().state], [oid(1), 'syncing'])
    sync.remote().polling.open()
    await sync.clock.advance(0)
    assert.deepEqual([sync.status().oid, sync.status().state], [oid(2), 'synced'])
    assert.deepEqual([wantsOf(sync).length, pollsOf(sync)], [1, 1])
    assert.deepEqual(sync.trace(), ['poll-changed a', 'sync-published a'])
  })

  test('and published as it comes where the poll was the faster one', async (t) => {
    const sync = createFakeSync(t)
    await sync.list({ path: 'a' })
    sync.forget()
    sync.remote().push(oid(2))
    sync.remote().fetching.shut()
    await announce(sync, { oid: oid(2), before: oid(1) })
    sync.remote().fetching.open()
    await sync.clock.advance(0)
    assert.deepEqual([sync.status().oid, wantsOf(sync).length], [oid(2), 1])
  })

  test('and given up without a failure where the remote names another commit', async (t) => {
    const sync = createFakeSync(t)
    await sync.list({ path: 'a' })
    sync.forget()
    sync.remote().push(oid(3))
    sync.remote().polling.shut()
    await announce(sync, { oid: oid(2), before: oid(1) })
    sync.remote().polling.open()
    await sync.clock.advance(0)
    assert.deepEqual([sync.status().oid, sync.status().state], [oid(3), 'synced'])
    assert.deepEqual(wantsOf(sync), [[oid(2)], [oid(3)]])
    assert.deepEqual(sync.trace(), ['poll-changed a', 'sync-published a'])
  })

  test('and given up without a failure where the remote still names what is in place', async (t) => {
    const sync = createFakeSync(t)
    await sync.list({ path: 'a' })
    sync.forget()
    await announce(sync, { oid: oid(2) })
    await sync.clock.advance(40_000)
    assert.deepEqual([sync.status().oid, sync.status().state], [oid(1), 'synced'])
    assert.deepEqual([wantsOf(sync), sync.eventsOf('sync-published')], [[[oid(2)]], []])
    assert.deepEqual(sync.eventsOf('sync-failed'), [])
  })

  test('and given up without a failure where the poll may need its memory', async (t) => {
    const sync = createFakeSync(t)
    await sync.list({ path: 'a' })
    sync.forget()
    sync.workers.hasReserve = true
    sync.remote().push(oid(2))
    sync.remote().polling.shut()
    await announce(sync, { oid: oid(2), before: oid(1) })
    assert.deepEqual([sync.workers.ended, wantsOf(sync)], [['publish /a 2 over 1'], [[oid(2)]]])
    assert.deepEqual([sync.status().oid, sync.status().state], [oid(1), 'synced'])
    sync.remote().polling.open()
    await sync.clock.advance(0)
    assert.deepEqual([sync.status().oid, wantsOf(sync)], [oid(2), [[oid(2)], [oid(2)]]])
    assert.deepEqual(sync.trace(), ['poll-changed a', 'sync-published a'])
  })

  test('and fetched again where it is confirmed as it is given up for that', async (t) => {
    const sync = createFakeSync(t)
    await sync.list({ path: 'a', interval: '1h' })
    sync.forget()
    sync.workers.hasReserve = true
    sync.remote().push(oid(2))
    sync.remote().polling.shut()
    // As a thread that takes a while to stop.
    const publish = sync.workers.publish.bind(sync.workers)
    const stopping = new Gate()
    stopping.shut()
    sync.workers.publish = async (pack, signal) => {
      sync.workers.publish = publish
      return publish(pack, signal).finally(() => stopping.pass(signal))
    }
    await announce(sync, { oid: oid(2), before: oid(1) })
    sync.remote().polling.open()
    await sync.clock.advance(0)
    assert.equal(sync.status().oid, oid(1))
    stopping.open()
    await sync.clock.advance(0)
    assert.deepEqual([sync.status().oid, wantsOf(sync)], [oid(2), [[oid(2)], [oid(2)]]])
    assert.deepEqual(sync.trace(), ['poll-changed a', 'sync-published a'])
  })

  test('and given up without a failure where the poll fails', async (t) => {
    const sync = createFakeSync(t)
    await sync.list({ path: 'a' })
    sync.remote().push(oid(2))
    sync.remote().pollError = failure('server-error')
    await announce(sync, { oid: oid(2), before: oid(1) })
    assert.equal(sync.status().oid, oid(1))
    assert.deepEqual(sync.eventsOf('sync-failed'), [])
    sync.remote().pollError = undefined
    await sync.clock.advance(10_000)
    assert.equal(sync.status().oid, oid(2))
  })

  test('and is no failure where the server does not give it yet', async (t) => {
    const sync = createFakeSync(t)
    await sync.list({ path: 'a' })
    sync.remote().fetchError = failure('commit-not-found')
    await announce(sync, { oid: oid(2), before: oid(1) })
    await sync.clock.advance(3_000)
    assert.equal(sync.status().state, 'synced')
    sync.remote().fetchError = undefined
    sync.remote().push(oid(2))
    await sync.clock.advance(1_000)
    assert.equal(sync.status().oid, oid(2))
    assert.deepEqual(sync.eventsOf('sync-failed'), [])
  })

  test('and a failure once the remote confirmed it, which is mended soon', async (t) => {
    const sync = createFakeSync(t)
    await sync.list({ path: 'a', interval: '1h' })
    sync.remote().push(oid(2))
    sync.remote().fetching.shut()
    sync.remote().fetchError = failure('commit-not-found')
    await announce(sync, { oid: oid(2), before: oid(1) })
    sync.remote().fetching.open()
    await sync.clock.advance(0)
    assert.equal(sync.status().error?.code, 'commit-not-found')
    sync.remote().fetchError = undefined
    await sync.clock.advance(2_000)
    assert.equal(sync.status().oid, oid(2))
  })

  test('and is the commit that an annotated tag leads to', async (t) => {
    const sync = createFakeSync(t)
    sync.remote().set('refs/tags/v1', oid(7), { peeled: oid(1) })
    sync.workers.peeled.set(oid(7), oid(1))
    sync.workers.peeled.set(oid(8), oid(2))
    await sync.list({ path: 'a', tag: 'v1' })
    sync.forget()
    sync.remote().set('refs/tags/v1', oid(8), { peeled: oid(2) })
    await announce(sync, { ref: 'refs/tags/v1', oid: oid(8), before: oid(7) })
    assert.deepEqual([sync.status().oid, wantsOf(sync)], [oid(2), [[oid(8)]]])
  })

  test('once beside a poll, however many are announced', async (t) => {
    const sync = createFakeSync(t)
    await sync.list({ path: 'a' })
    sync.forget()
    sync.remote().polling.shut()
    sync.remote().fetchError = failure('commit-not-found')
    for (let number = 2; number < 50; number++) {
      await announce(sync, { oid: oid(number), before: oid(1) })
    }
    assert.deepEqual([wantsOf(sync), pollsOf(sync)], [[[oid(2)]], 1])
    sync.remote().fetchError = undefined
    sync.remote().push(oid(50))
    sync.remote().polling.open()
    await sync.clock.advance(1_000)
    assert.equal(sync.status().oid, oid(50))
    await announce(sync, { oid: oid(51), before: oid(50) })
    assert.deepEqual(wantsOf(sync).at(-1), [oid(51)])
  })

  const others: [string, object, Pushed][] = [
    [
      'of versions, of which the remote says the newest',
      { semver: '*' },
      { ref: 'refs/tags/v1.1.0' },
    ],
    ['that replaces something else', {}, { before: oid(8) }],
    ['that is in place', {}, { oid: oid(1), before: oid(8) }],
    ['without a commit', {}, { oid: undefined }],
  ]
  for (const [what, fields, push] of others) {
    test(`but not what was announced ${what}`, async (t) => {
      const sync = createFakeSync(t)
      sync.remote().set('refs/tags/v1.0.0', oid(1))
      await sync.list({ path: 'a', ...fields })
      sync.forget()
      assert.equal(await announce(sync, { oid: oid(2), before: oid(1), ...push }), 1)
      assert.deepEqual([wantsOf(sync), pollsOf(sync)], [[], 1])
    })
  }

  test('but nothing for an entry that leaves meanwhile', async (t) => {
    const sync = createFakeSync(t)
    await sync.list({ path: 'a' })
    sync.remote().push(oid(2))
    sync.remote().polling.shut()
    await announce(sync, { oid: oid(2), before: oid(1) })
    await sync.list()
    sync.remote().polling.open()
    await sync.clock.advance(0)
    assert.equal(sync.workers.inPlace.get('/a'), oid(1))
  })
})

describe('what the remote names after it was asked, while an announced commit is in work', () => {
  /** Announces oid 2 over oid 1; `atGate` is what the worker does about the remote's word. */
  async function begin(
    t: TestScope,
    atGate: (allowed: Promise<void>, signal: AbortSignal) => Promise<void>,
  ): Promise<FakeSync> {
    const sync = createFakeSync(t)
    await sync.list({ path: 'a', interval: '1h' })
    sync.forget()
    const { workers } = sync
    const publish = workers.publish.bind(workers)
    workers.publish = (pack, signal) => {
      workers.publish = publish
      const { allow } = pack
      assert.ok(allow)
      return publish({ ...pack, allow: (ready) => atGate(allow(ready), signal) }, signal)
    }
    return sync
  }

  /** Has oid 2 confirmed, and oid 1 named again while it is applied, which ends as `work` does. */
  async function turnBack(t: TestScope, work: (sync: FakeSync) => void): Promise<FakeSync> {
    const applying = new Gate()
    applying.shut()
    const sync: FakeSync = await begin(t, async (allowed, signal) => {
      await allowed
      await applying.pass(signal)
      work(sync)
    })
    sync.remote().push(oid(2))
    sync.remote().polling.shut()
    await announce(sync, { oid: oid(2), before: oid(1) })
    sync.remote().polling.open()
    await sync.clock.advance(0)
    assert.equal(applying.waiting, 1)
    sync.remote().push(oid(1))
    await announce(sync, { oid: oid(1), before: oid(2) })
    await sync.clock.advance(1_000)
    assert.equal(sync.eventsOf('poll-unchanged').length, 1)
    applying.open()
    await sync.clock.advance(0)
    return sync
  }

  test('it fails, is looked at, and what is named now is put right, where it was half applied', async (t) => {
    const sync = await turnBack(t, ({ workers }) => {
      workers.drift.set('/a', { count: 1, paths: ['half'], missing: [] })
      throw failure('volume-full')
    })
    assert.deepEqual(
      sync.eventsOf('sync-failed').map(({ oid, error }) => [oid, error.code]),
      [[oid(2), 'volume-full']],
    )
    assert.deepEqual(
      sync.workers.calls.filter((call) => !call.startsWith('tidy')),
      ['publish /a 2 over 1', 'inspect /a', 'publish /a 1 over 1'],
    )
    assert.deepEqual([sync.status().oid, sync.status().state], [oid(1), 'synced'])
  })

  test('it is published, and what is named now follows at once', async (t) => {
    const sync = await turnBack(t, () => undefined)
    assert.deepEqual(
      sync.eventsOf('sync-published').map((event) => event.oid),
      [oid(2), oid(1)],
    )
    assert.deepEqual([sync.status().oid, sync.status().state], [oid(1), 'synced'])
  })

  test('it is no failure and follows at once, where it is named too late', async (t) => {
    const discarding = new Gate()
    discarding.shut()
    const sync = await begin(t, async (allowed, signal) => {
      await allowed.catch(async (error) => {
        await discarding.pass(signal)
        throw error
      })
    })
    await announce(sync, { oid: oid(2), before: oid(1) })
    assert.equal(discarding.waiting, 1)
    sync.remote().push(oid(2))
    await sync.clock.advance(2_000)
    assert.equal(sync.eventsOf('poll-changed').length, 1)
    discarding.open()
    await sync.clock.advance(0)
    assert.deepEqual(sync.eventsOf('sync-failed'), [])
    assert.deepEqual([sync.status().oid, sync.status().state], [oid(2), 'synced'])
  })

  test('a fetch that fails before it is asked for is not repeated at once', async (t) => {
    const sync = await begin(t, (allowed) => allowed)
    sync.remote().push(oid(2))
    sync.remote().fetching.shut()
    sync.remote().fetchError = failure('connection-refused')
    await announce(sync, { oid: oid(2), before: oid(1) })
    sync.remote().fetching.open()
    await sync.clock.advance(0)
    assert.equal(sync.status().error?.code, 'connection-refused')
    assert.equal(wantsOf(sync).length, 1)
  })
})
