// What follows where a commit is refused: it is left alone until something changes, and what is in place
// is looked after all the same.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { repositoryNameOf } from '../../src/git/repository-name.js'
import { createFakeSync, failure, oid, REPO } from '../helpers/fake-sync.js'

const VERIFY = { verifyIntervalMs: 600_000 }
const publishes = (calls: readonly string[]) => calls.filter((call) => call.startsWith('publish'))

for (const code of ['signature-refused', 'refused-by-hook', 'subdir-not-found'] as const) {
  describe(code, () => {
    test('what is in place is put right, and the commit is not fetched again', async (t) => {
      const sync = createFakeSync(t, VERIFY)
      await sync.list({ path: 'a' })
      sync.workers.errors.publish.push(failure(code))
      sync.remote().push(oid(2))
      await sync.pollNow()
      sync.forget()
      await sync.clock.advance(240_000)
      assert.deepEqual(publishes(sync.workers.calls), [])
      for (const missing of [[oid(77)], undefined]) {
        sync.workers.drift.set('/a', { count: 1, paths: ['x'], missing })
        await sync.clock.advance(600_000)
        assert.equal(sync.status().state, 'stalled')
        assert.equal(sync.status().error?.code, code)
        assert.equal(sync.status().oid, oid(1))
      }
      assert.deepEqual(publishes(sync.workers.calls), [
        'publish /a 1 over 1',
        'publish /a 1 over nothing',
      ])
      assert.equal(sync.eventsOf('drift-repaired').length, 2)
      assert.equal(sync.eventsOf('sync-failed').length, 0)
      sync.remote().push(oid(3))
      await sync.pollNow()
      assert.equal(sync.status().oid, oid(3))
      assert.equal(sync.status().state, 'synced')
    })

    test('where it was announced, it is refused once the remote names it, and then left alone', async (t) => {
      const sync = createFakeSync(t)
      await sync.list({ path: 'a' })
      await sync.pollNow()
      sync.forget()
      sync.remote().push(oid(2))
      sync.workers.errors.publish.push(failure(code), failure(code))
      const name = repositoryNameOf(REPO)
      assert.ok(name)
      const push = { ref: 'refs/heads/main', oid: oid(2), before: oid(1) }
      sync.synchronizer.announce({ repositories: [name], ...push })
      await sync.clock.advance(240_000)
      assert.equal(sync.status().state, 'stalled')
      assert.equal(sync.status().oid, oid(1))
      assert.equal(sync.eventsOf('sync-failed').length, 1)
      assert.ok(publishes(sync.workers.calls).length <= 2)
    })

    test('a repair that fails is tried again as its own error says', async (t) => {
      const sync = createFakeSync(t, VERIFY)
      await sync.list({ path: 'a' })
      sync.workers.errors.publish.push(failure(code))
      sync.remote().push(oid(2))
      await sync.pollNow()
      sync.forget()
      sync.workers.drift.set('/a', { count: 1, paths: ['x'], missing: [oid(77)] })
      sync.workers.errors.publish.push(failure('volume-full'))
      await sync.clock.advance(1_200_000)
      assert.equal(sync.eventsOf('sync-failed')[0]?.error.code, 'volume-full')
      assert.equal(sync.eventsOf('drift-repaired').length, 1)
      assert.equal(sync.status().error?.code, code)
      assert.equal(sync.status().state, 'stalled')
      assert.ok(publishes(sync.workers.calls).every((call) => call.startsWith('publish /a 1')))
    })
  })
}
