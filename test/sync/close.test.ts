// The end: everything is aborted, nothing is reported any more; and what one-time mode
// waits for.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createFakeSync, type FakeSync, failure, OTHER_REPO, oid } from '../helpers/fake-sync.js'

describe('close', () => {
  const SITUATIONS: Record<string, (sync: FakeSync) => void> = {
    'during an inspection': ({ workers }) => workers.gates.inspect.shut(),
    'during a poll': (sync) => sync.remote().polling.shut(),
    'during a fetch': (sync) => sync.remote().fetching.shut(),
    'during a publish': ({ workers }) => workers.gates.publish.shut(),
    'during a tidying': ({ workers }) => workers.gates.tidy.shut(),
    'while nothing is under way': () => undefined,
  }
  for (const [when, shut] of Object.entries(SITUATIONS)) {
    test(`${when} ends what runs, and nothing is reported after it`, async (t) => {
      const sync = createFakeSync(t, { maxConcurrentSyncs: 1 })
      shut(sync)
      await sync.list({ path: 'a' }, { path: 'b' })
      sync.forget()
      const closed = sync.synchronizer.close()
      await sync.clock.advance(0)
      await closed
      assert.equal(sync.workers.isClosed, true)
      assert.deepEqual(sync.workers.calls, [], 'nothing new is begun')
      sync.remote().push(oid(2))
      sync.synchronizer.pollNow()
      await sync.clock.advance(3_600_000)
      assert.deepEqual([sync.events, sync.workers.calls, sync.remote().polls], [[], [], []])
      assert.equal(sync.clock.pendingTimers, 0)
    })
  }

  test('is not reported as a failure by what it aborts, however that ends', async (t) => {
    const sync = createFakeSync(t)
    // These take no notice of the signal: one answers, one fails.
    const head = { name: 'HEAD', oid: oid(2), peeled: undefined, target: undefined }
    let answer = () => {}
    sync.remote().listRefs = () =>
      new Promise((resolve) => {
        answer = () => resolve([head])
      })
    let fail = () => {}
    sync.remote(OTHER_REPO).listRefs = () =>
      new Promise((_resolve, reject) => {
        fail = () => reject(failure('server-error'))
      })
    await sync.list({ path: 'a' }, { path: 'b', repo: OTHER_REPO })
    sync.forget()
    const closed = sync.synchronizer.close()
    answer()
    fail()
    await closed
    assert.deepEqual(sync.events, [])
  })

  test('can be called twice', async (t) => {
    const sync = createFakeSync(t)
    await sync.list({ path: 'a' })
    await Promise.all([sync.synchronizer.close(), sync.synchronizer.close()])
  })
})

describe('idle', () => {
  /** Lists entries, and says whether each had its outcome when idle resolved. */
  async function runOnce(sync: FakeSync, ...entries: object[]): Promise<void> {
    let isIdle = false
    const listing = sync.list(...entries)
    const idle = sync.synchronizer.idle().then(() => {
      isIdle = true
      for (const { state, path } of sync.synchronizer.status()) {
        assert.ok(!['pending', 'syncing'].includes(state), `${path} is ${state}`)
      }
    })
    await listing
    while (!isIdle) {
      sync.workers.openGates()
      await sync.clock.advance(0)
    }
    await idle
  }

  test('resolves when every entry had its outcome', async (t) => {
    const sync = createFakeSync(t, { maxConcurrentSyncs: 1, maxConcurrentPolls: 1 })
    const repos = Array.from({ length: 5 }, (_, index) => `https://git.example.com/r${index}`)
    sync.workers.inPlace.set('/p1', oid(1))
    sync.remote(repos[2]).pollError = failure('host-not-found')
    sync.remote(repos[3]).fetchError = failure('connection-failed')
    sync.workers.gates.publish.shut()
    await runOnce(
      sync,
      ...repos.map((repo, index) => ({ path: `p${index}`, repo })),
      { path: 'commit', commit: oid(4) },
      { path: 'missing', branch: 'mian' },
      { path: 'rest', suspend: true },
    )
    const states = Object.fromEntries(
      sync.synchronizer.status().map(({ path, state }) => [path, state]),
    )
    assert.deepEqual(states, {
      p0: 'synced',
      p1: 'synced',
      p2: 'failing',
      p3: 'failing',
      p4: 'synced',
      commit: 'synced',
      missing: 'failing',
      rest: 'suspended',
    })
  })

  test('resolves where inspections fail', async (t) => {
    const sync = createFakeSync(t, { maxConcurrentSyncs: 1 })
    sync.workers.errors.inspect.push(failure('volume-failed'))
    await runOnce(sync, { path: 'a' }, { path: 'b' }, { path: 'c', repo: OTHER_REPO })
    const states = sync.synchronizer.status().map(({ state }) => state)
    assert.deepEqual(states, ['failing', 'synced', 'synced'])
  })

  test('resolves where every inspection fails', async (t) => {
    const sync = createFakeSync(t)
    sync.workers.errors.inspect.push(failure('volume-failed'), failure('volume-failed'))
    await runOnce(sync, { path: 'a' }, { path: 'b' })
    assert.deepEqual(
      sync.synchronizer.status().map(({ error }) => error?.code),
      ['volume-failed', 'volume-failed'],
    )
  })

  test('resolves at once with an empty listing', async (t) => {
    const sync = createFakeSync(t)
    await runOnce(sync)
    assert.deepEqual(
      [sync.synchronizer.readiness.missing(), sync.synchronizer.readiness.hasStarted()],
      [[], true],
    )
  })

  test('waits for what follows a commit that came meanwhile', async (t) => {
    const sync = createFakeSync(t)
    sync.workers.gates.publish.shut()
    await sync.list({ path: 'a' })
    let isIdle = false
    const idle = sync.synchronizer.idle().then(() => {
      isIdle = true
    })
    sync.remote().push(oid(2))
    await sync.pollNow()
    assert.equal(isIdle, false)
    sync.workers.gates.publish.open()
    await idle
    assert.equal(sync.status().oid, oid(2))
  })
})
