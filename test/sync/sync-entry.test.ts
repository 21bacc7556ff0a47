// From a commit that a remote names to a published one: what is reported, and what runs at once.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createFakeSync, failure, OTHER_REPO, oid, REPO } from '../helpers/fake-sync.js'
import { memoryOf } from '../helpers/memory.js'

test('a publication is reported with all that belongs to it', async (t) => {
  const sync = createFakeSync(t)
  await sync.list({ path: 'a' })
  const { durationMs, lagMs, phases, ...event } = sync.eventsOf('sync-published')[0] ?? {}
  assert.deepEqual(event, {
    type: 'sync-published',
    entry: 'a',
    repo: REPO,
    ref: 'refs/heads/main',
    oid: oid(1),
    previousOid: undefined,
    bytes: 4,
    filesWritten: 1,
    filesDeleted: 0,
    trigger: 'poll',
    summary: undefined,
  })
  assert.ok(lagMs !== undefined && lagMs >= 0)
  assert.ok(durationMs !== undefined && phases && phases.fetch >= 0)
  assert.equal(Date.parse(sync.status().lastPublished as string), sync.clock.wallTime())
})

test('what attributes ask for and is not done is reported once of each', async (t) => {
  const sync = createFakeSync(t)
  const publish = sync.workers.publish.bind(sync.workers)
  const lfs = { attribute: 'filter=lfs', files: 2, firstPath: 'a' }
  const crypt = { attribute: 'filter=crypt', files: 1, firstPath: 'b' }
  const ignored = [[lfs], [lfs], undefined, [lfs, crypt], [lfs]]
  sync.workers.publish = async (pack, signal) => {
    const published = await publish(pack, signal)
    const next = ignored.shift()
    return next ? { ...published, ignored: next } : published
  }
  await sync.list({ path: 'a' })
  const attributes = () => sync.eventsOf('attribute-ignored').map(({ attribute }) => attribute)
  for (let number = 2; number < 5; number++) {
    sync.remote().push(oid(number))
    await sync.clock.advance(60_000)
  }
  assert.deepEqual(attributes(), ['filter=lfs', 'filter=crypt'])
  await sync.list({ path: 'a', publish: 'symlink' })
  sync.remote().push(oid(5))
  await sync.clock.advance(60_000)
  assert.deepEqual(
    attributes(),
    ['filter=lfs', 'filter=crypt', 'filter=lfs'],
    'another publication',
  )
})

test('a worker that fails early ends the fetch at once', async (t) => {
  const sync = createFakeSync(t)
  const { fetching } = sync.remote()
  fetching.shut()
  const waiting: number[] = []
  sync.workers.publish = async ({ chunks }) => {
    chunks(memoryOf())
      [Symbol.asyncIterator]()
      .next()
      .catch(() => undefined)
    await new Promise((resolve) => setImmediate(resolve))
    waiting.push(fetching.waiting)
    throw failure('volume-full')
  }
  await sync.list({ path: 'a' })
  await sync.clock.advance(0)
  assert.equal(sync.status().error?.code, 'volume-full')
  assert.deepEqual([...waiting, fetching.waiting], [1, 0])
})

describe('what runs at once', () => {
  test('a newer commit found while one is being synced is synced after it', async (t) => {
    const sync = createFakeSync(t)
    sync.workers.gates.publish.shut()
    await sync.list({ path: 'a' })
    assert.equal(sync.status().state, 'syncing')
    sync.remote().push(oid(2))
    await sync.clock.advance(60_000)
    sync.remote().push(oid(3))
    await sync.clock.advance(60_000)
    assert.equal(sync.remote().fetches.length, 1, 'one directory, one sync')
    sync.workers.gates.publish.open()
    await sync.clock.advance(0)
    assert.deepEqual(
      sync.eventsOf('sync-published').map(({ oid: commit, previousOid }) => [commit, previousOid]),
      [
        [oid(1), undefined],
        [oid(3), oid(1)],
      ],
    )
    assert.equal(sync.status().state, 'synced')
  })

  test('a newer commit is synced at once where the one before it failed', async (t) => {
    const sync = createFakeSync(t)
    sync.workers.gates.publish.shut()
    sync.workers.errors.publish.push(failure('pack-corrupt'))
    await sync.list({ path: 'a' })
    sync.remote().push(oid(2))
    await sync.clock.advance(60_000)
    sync.workers.gates.publish.open()
    await sync.clock.advance(0)
    assert.deepEqual([sync.status().state, sync.status().oid], ['synced', oid(2)])
  })

  test('at most so many syncs', async (t) => {
    const sync = createFakeSync(t, { maxConcurrentSyncs: 3 })
    sync.workers.gates.publish.shut()
    await sync.list(...Array.from({ length: 10 }, (_, index) => ({ path: `p${index}` })))
    assert.equal(sync.workers.gates.publish.waiting, 3)
    sync.workers.gates.publish.open()
    await sync.clock.advance(0)
    assert.equal(sync.eventsOf('sync-published').length, 10)
    assert.equal(sync.workers.mostAtOnce, 3)
  })

  test('polls go on while every place for a sync is taken', async (t) => {
    const sync = createFakeSync(t, { maxConcurrentSyncs: 1 })
    sync.workers.inPlace.set('/b', oid(1))
    sync.remote(OTHER_REPO).fetching.shut()
    await sync.list({ path: 'a', repo: OTHER_REPO }, { path: 'b' })
    await sync.clock.advance(300_000)
    assert.equal(sync.remote().polls.length, 6)
  })
})
