// How published files are put right where something is wrong with them, and what is told of that.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { ErrorCode } from '../../src/base/error-codes.js'
import type { TestScope } from '../helpers/at-end.js'
import { createFakeSync, failure, OTHER_REPO, oid } from '../helpers/fake-sync.js'

const VERIFY = { verifyIntervalMs: 600_000 }
const drift = { count: 2, paths: ['x', 'y'], missing: [oid(77)] }
const publishesOf = (calls: readonly string[]) => calls.filter((call) => call.startsWith('publish'))

describe('drift', () => {
  test('is repaired at once, with the blobs that are missing, and is no publication', async (t) => {
    const sync = createFakeSync(t, VERIFY)
    await sync.list({ path: 'a' })
    sync.forget()
    sync.workers.drift.set('/a', drift)
    await sync.clock.advance(300_000)
    assert.deepEqual(sync.remote().fetches, [{ wants: [oid(77)], haves: [], thinPack: false }])
    assert.ok(sync.workers.calls.includes('publish /a 1 over 1'))
    const [event] = sync.eventsOf('drift-repaired')
    assert.deepEqual([event?.paths, event?.firstPaths, event?.oid], [2, ['x', 'y'], oid(1)])
    assert.equal(sync.eventsOf('sync-published').length, 0)
    assert.equal(sync.status().state, 'synced')
    assert.ok(sync.workers.calls.at(-1)?.startsWith('tidy'))
  })

  test('with nothing missing needs no remote', async (t) => {
    const sync = createFakeSync(t, VERIFY)
    await sync.list({ path: 'a' })
    sync.forget()
    sync.workers.drift.set('/a', { ...drift, missing: [] })
    await sync.clock.advance(300_000)
    assert.deepEqual(sync.remote().fetches, [])
    assert.equal(sync.eventsOf('drift-repaired').length, 1)
  })

  test('that a server does not send single blobs for is fetched as a whole', async (t) => {
    const sync = createFakeSync(t, VERIFY)
    await sync.list({ path: 'a' })
    sync.forget()
    sync.workers.errors.publish.push(failure('commit-not-found'))
    sync.workers.drift.set('/a', drift)
    await sync.clock.advance(300_000)
    assert.deepEqual(
      sync.remote().fetches.map(({ wants }) => wants),
      [[oid(77)], [oid(1)]],
    )
    assert.equal(sync.eventsOf('fetch-fell-back').length, 1)
    assert.equal(sync.eventsOf('drift-repaired').length, 1)
  })

  test('of nearly everything, or from another remote, is fetched as a whole', async (t) => {
    const sync = createFakeSync(t, VERIFY)
    await sync.list({ path: 'a' })
    sync.forget()
    sync.workers.drift.set('/a', { ...drift, missing: undefined })
    await sync.clock.advance(300_000)
    assert.deepEqual(sync.remote().fetches, [{ wants: [oid(1)], haves: [], thinPack: false }])

    sync.remote(OTHER_REPO).push(oid(1))
    sync.workers.drift.set('/a', drift)
    await sync.list({ path: 'a', repo: OTHER_REPO })
    assert.deepEqual(sync.remote(OTHER_REPO).fetches, [
      { wants: [oid(1)], haves: [], thinPack: false },
    ])
    assert.equal(sync.eventsOf('drift-repaired').length, 2)
  })

  test('is repaired before the next commit is fetched over it', async (t) => {
    const sync = createFakeSync(t)
    sync.workers.inPlace.set('/a', oid(9))
    sync.workers.drift.set('/a', drift)
    await sync.list({ path: 'a' })
    assert.deepEqual(sync.remote().fetches, [
      { wants: [oid(77)], haves: [], thinPack: false },
      { wants: [oid(1)], haves: [oid(9)], thinPack: true },
    ])
    assert.deepEqual(sync.trace(), [
      'entry-added a',
      'content-found a',
      'poll-changed a',
      'drift-repaired a',
      'sync-published a',
    ])
  })

  test('that is repaired is told as such, though the next commit is refused', async (t) => {
    const sync = createFakeSync(t)
    sync.workers.inPlace.set('/a', oid(9))
    sync.workers.drift.set('/a', drift)
    const publish = sync.workers.publish.bind(sync.workers)
    sync.workers.publish = (pack, signal) => {
      sync.workers.publish = publish
      return publish(pack, signal).finally(() =>
        sync.workers.errors.publish.push(failure('refused-by-hook')),
      )
    }
    await sync.list({ path: 'a' })
    assert.deepEqual(sync.trace(), [
      'entry-added a',
      'content-found a',
      'poll-changed a',
      'drift-repaired a',
      'sync-failed a',
    ])
    const [event] = sync.eventsOf('drift-repaired')
    assert.deepEqual([event?.oid, event?.paths, event?.firstPaths], [oid(9), 2, drift.paths])
    assert.equal(sync.status().oid, oid(9))
    assert.equal(sync.status().error?.code, 'refused-by-hook')
    assert.deepEqual(sync.synchronizer.readiness.missing(), [])
  })

  test('that is found at the start makes not ready before it is repaired', async (t) => {
    const sync = createFakeSync(t)
    sync.workers.inPlace.set('/a', oid(1))
    sync.workers.drift.set('/a', drift)
    sync.remote().fetching.shut()
    await sync.list({ path: 'a' })
    assert.deepEqual(sync.synchronizer.readiness.missing(), ['a'])
    sync.remote().fetching.open()
    await sync.clock.advance(0)
    assert.deepEqual(sync.synchronizer.readiness.missing(), [])
    assert.equal(sync.eventsOf('drift-repaired').length, 1)
  })

  test('of all there is counts once, and keeps ready', async (t) => {
    const sync = createFakeSync(t, VERIFY)
    await sync.list({ path: 'a' })
    sync.forget()
    sync.workers.inPlace.delete('/a')
    sync.remote().fetching.shut()
    await sync.clock.advance(300_000)
    assert.deepEqual(sync.synchronizer.readiness.missing(), [])
    sync.remote().fetching.open()
    await sync.clock.advance(0)
    const [event] = sync.eventsOf('drift-repaired')
    assert.deepEqual([event?.paths, event?.firstPaths], [1, ['.']])
    assert.equal(sync.status().oid, oid(1))
  })

  test('whose repair fails is a failure until it succeeds, whatever polls say', async (t) => {
    const sync = createFakeSync(t, VERIFY)
    await sync.list({ path: 'a' })
    sync.workers.drift.set('/a', drift)
    const blocked = Array.from({ length: 3 }, () => failure('path-blocked'))
    sync.workers.errors.publish.push(...blocked)
    await sync.clock.advance(300_000)
    // Said once, with the paths, however often the repair fails.
    const remains = sync.eventsOf('drift-remains').map(({ firstPaths }) => firstPaths)
    assert.deepEqual(remains, [drift.paths])
    sync.forget()
    await sync.clock.advance(60_000)
    assert.equal(sync.eventsOf('drift-remains').length, 0)
    assert.equal(sync.status().error?.code, 'path-blocked')
    assert.equal(sync.eventsOf('poll-unchanged').length, 0)
    await sync.clock.advance(600_000)
    assert.deepEqual([sync.status().state, sync.status().error], ['synced', null])
    assert.equal(sync.eventsOf('drift-repaired').length, 1)
  })

  test('of which a fault left a part is told part by part', async (t) => {
    const sync = createFakeSync(t, VERIFY)
    await sync.list({ path: 'a' })
    sync.workers.drift.set('/a', drift)
    const publish = sync.workers.publish.bind(sync.workers)
    sync.workers.publish = (pack, signal) => {
      sync.workers.publish = publish
      sync.workers.errors.publish.push(failure('path-blocked'))
      sync.workers.drift.set('/a', { ...drift, count: 1, paths: ['y'] })
      return publish(pack, signal)
    }
    const told = () =>
      sync.eventsOf('drift-repaired').map(({ paths, firstPaths }) => [paths, firstPaths])
    await sync.clock.advance(300_000)
    assert.deepEqual(told(), [[1, ['x']]])
    await sync.clock.advance(60_000)
    assert.deepEqual(told(), [
      [1, ['x']],
      [1, ['y']],
    ])
  })

  test('that a look completed after a fault is told, and is no publication', async (t) => {
    const sync = createFakeSync(t, VERIFY)
    await sync.list({ path: 'a' })
    sync.forget()
    sync.workers.drift.set('/a', drift)
    const publish = sync.workers.publish.bind(sync.workers)
    sync.workers.publish = (pack, signal) => {
      sync.workers.errors.publish.push(failure('volume-failed'))
      sync.workers.drift.delete('/a')
      return publish(pack, signal)
    }
    await sync.clock.advance(300_000)
    assert.deepEqual(
      sync.eventsOf('drift-repaired').map(({ paths }) => paths),
      [2],
    )
    assert.equal(sync.eventsOf('sync-published').length, 0)
  })
})

describe('what is wanted by now is another part of the repository', () => {
  /** One part is in place, something is wrong with it, and another part is wanted. */
  async function driftOfOld(t: TestScope, code: ErrorCode) {
    const sync = createFakeSync(t, VERIFY)
    await sync.list({ path: 'a', subdir: 'old' })
    sync.workers.errors.publish.push(failure(code))
    await sync.list({ path: 'a', subdir: 'new' })
    await sync.clock.advance(60_000)
    sync.workers.drift.set('/a', drift)
    sync.forget()
    return sync
  }

  for (const code of ['signature-refused', 'refused-by-hook', 'subdir-not-found'] as const) {
    test(`and refused (${code}): what is in place is put right as it was`, async (t) => {
      const sync = await driftOfOld(t, code)
      assert.equal(sync.status().state, 'stalled')
      await sync.clock.advance(600_000)
      assert.deepEqual(publishesOf(sync.workers.calls), ['publish /a 1 over 1 of old'])
      assert.equal(sync.eventsOf('drift-repaired').length, 1)
      assert.equal(sync.status().state, 'stalled')
      assert.equal(sync.status().error?.code, code)
      await sync.list({ path: 'a', subdir: 'old' })
      assert.equal(sync.status().state, 'synced')
    })
  }
})

describe('what is in place cannot be put right', () => {
  for (const [what, error] of [
    ['as something is in the way', failure('path-blocked')],
    [
      'as its submodule is gone',
      failure('repository-not-found', { dependency: { submodule: 'm' } }),
    ],
    ['as a file of it is in LFS no more', failure('lfs-object-missing')],
    ['as its directory is not there', failure('subdir-not-found')],
  ] as const) {
    test(`${what}: the next commit is published all the same`, async (t) => {
      const sync = createFakeSync(t, VERIFY)
      await sync.list({ path: 'a' })
      sync.workers.drift.set('/a', drift)
      sync.workers.errors.publish.push(...Array.from({ length: 9 }, () => error))
      await sync.clock.advance(300_000)
      assert.notEqual(sync.status().state, 'synced')
      sync.workers.errors.publish.length = 1
      sync.forget()
      sync.remote().push(oid(2))
      await sync.pollNow()
      assert.deepEqual(publishesOf(sync.workers.calls), [
        'publish /a 1 over 1',
        'publish /a 2 over nothing',
      ])
      assert.equal(sync.status().oid, oid(2))
      assert.equal(sync.status().state, 'synced')
    })
  }

  test('as the volume or the remote fails: the next commit waits with it', async (t) => {
    for (const code of ['volume-full', 'server-error'] as const) {
      const sync = createFakeSync(t, VERIFY)
      await sync.list({ path: 'a' })
      sync.workers.drift.set('/a', drift)
      sync.workers.errors.publish.push(failure(code), failure(code))
      await sync.clock.advance(300_000)
      sync.forget()
      sync.remote().push(oid(2))
      await sync.pollNow()
      assert.deepEqual(publishesOf(sync.workers.calls), ['publish /a 1 over 1'], code)
    }
  })
})
