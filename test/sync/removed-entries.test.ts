// Entries that leave the listing, and some that come back.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createFakeSync, failure, listed, OTHER_REPO, oid } from '../helpers/fake-sync.js'

/** A listing that becomes empty prunes nothing. */
const KEPT = { path: 'kept', suspend: true, required: false }

describe('an entry that is removed', () => {
  test('is not polled any more, and its remote is forgotten with the last one', async (t) => {
    const sync = createFakeSync(t)
    await sync.list({ path: 'a' }, { path: 'b' })
    await sync.list({ path: 'b' })
    assert.deepEqual(
      sync.eventsOf('entry-removed').map(({ entry }) => entry),
      ['a'],
    )
    sync.forget()
    await sync.clock.advance(60_000)
    assert.deepEqual(sync.trace(), ['poll-unchanged b'])
    await sync.list()
    await sync.pollNow()
    await sync.clock.advance(3_600_000)
    assert.equal(sync.remote().polls.length, 1)
    assert.equal(sync.clock.pendingTimers, 0)
    assert.deepEqual(sync.synchronizer.status(), [])
  })

  test('says nothing more when it leaves in the middle of a poll', async (t) => {
    const sync = createFakeSync(t)
    await sync.list({ path: 'a' }, { path: 'b' })
    sync.remote().polling.shut()
    await sync.clock.advance(60_000)
    await sync.list({ path: 'b' })
    sync.remote().push(oid(2))
    sync.forget()
    sync.remote().polling.open()
    await sync.clock.advance(0)
    assert.deepEqual(sync.trace(), ['poll-changed b', 'sync-published b'])
  })

  test('is left in place without PRUNE', async (t) => {
    const sync = createFakeSync(t)
    await sync.list({ path: 'a' })
    sync.forget()
    await sync.list()
    assert.deepEqual(sync.workers.calls, [])
    assert.equal(sync.workers.inPlace.get('/a'), oid(1))
  })

  test('is unpublished with PRUNE', async (t) => {
    const sync = createFakeSync(t, { prune: true })
    await sync.list({ path: 'a' }, { path: 'b' })
    sync.forget()
    await sync.list({ path: 'b' })
    assert.deepEqual(sync.workers.calls, ['unpublish /a'])
  })

  test('stays with PRUNE, too, where the listing has no entries any more', async (t) => {
    const sync = createFakeSync(t, { prune: true })
    await sync.list({ path: 'a' })
    sync.forget()
    await sync.list()
    await sync.list({ path: 'b' })
    assert.equal(sync.workers.calls.includes('unpublish /a'), false)
    assert.equal(sync.workers.inPlace.get('/a'), oid(1))
  })

  test('is unpublished only when its sync, which is aborted, has ended', async (t) => {
    const sync = createFakeSync(t, { prune: true })
    // What is under way in a thread ends when it can, not when it is told to.
    const publish = sync.workers.publish.bind(sync.workers)
    const signals: AbortSignal[] = []
    sync.workers.publish = (pack, signal) => {
      signals.push(signal)
      return publish(pack, new AbortController().signal)
    }
    sync.workers.gates.publish.shut()
    await sync.list({ path: 'a' }, KEPT)
    await sync.list(KEPT)
    assert.equal(signals[0]?.aborted, true)
    assert.equal(sync.workers.calls.includes('unpublish /a'), false)
    sync.workers.gates.publish.open()
    await sync.clock.advance(0)
    assert.deepEqual(sync.workers.ended.slice(-2), ['publish /a 1 over nothing', 'unpublish /a'])
    assert.equal(sync.eventsOf('sync-published').length, 0)
  })

  test('is unpublished later where that fails at first', async (t) => {
    const sync = createFakeSync(t, { prune: true })
    await sync.list({ path: 'a' }, KEPT)
    sync.workers.errors.unpublish.push(failure('volume-failed'), failure('path-blocked'))
    await sync.list(KEPT)
    assert.deepEqual(
      sync.eventsOf('tidy-failed').map(({ error }) => error.code),
      ['volume-failed'],
    )
    assert.deepEqual(
      sync.synchronizer.status().map(({ path }) => path),
      ['kept'],
    )
    await sync.clock.advance(120_000)
    assert.equal(sync.workers.calls.filter((call) => call === 'unpublish /a').length, 3)
    assert.equal(sync.workers.inPlace.size, 0)
    assert.equal(sync.clock.pendingTimers, 0)
  })
})

describe('an entry that is removed and comes back', () => {
  test('at once stays what it was', async (t) => {
    const kept = { ...KEPT, repo: OTHER_REPO }
    const sync = createFakeSync(t, { prune: true })
    await sync.list({ path: 'a' }, kept)
    sync.forget()
    sync.synchronizer.setEntries(listed([kept]))
    await sync.list({ path: 'a' }, kept)
    assert.deepEqual(sync.trace(), [
      'entry-removed a',
      'entry-added a',
      'content-found a',
      'poll-unchanged a',
    ])
    assert.deepEqual(sync.workers.calls, ['inspect /a', 'tidy /a'])
    assert.equal(sync.opened.length, 1)
    await sync.clock.advance(60_000)
    assert.equal(sync.remote().polls.length, 2)
  })

  for (const [outcome, error] of [
    ['is found to be its own', undefined],
    ['cannot be found out', failure('volume-failed')],
  ] as const) {
    test(`while it ${outcome} whose turn it is stays what it was`, async (t) => {
      const sync = createFakeSync(t, { prune: true })
      await sync.list({ path: 'a' }, KEPT)
      sync.forget()
      sync.workers.leases.acquiring.shut()
      await sync.list(KEPT)
      if (error) sync.workers.leases.errors.push(error)
      sync.synchronizer.setEntries(listed([{ path: 'a' }, KEPT]))
      sync.workers.leases.acquiring.open()
      await sync.clock.advance(0)
      assert.equal(sync.workers.calls.includes('unpublish /a'), false)
      assert.equal(sync.workers.inPlace.get('/a'), oid(1))
      await sync.clock.advance(60_000)
      assert.equal(sync.status().state, 'synced')
    })
  }

  test('while it is unpublished is published anew', async (t) => {
    const sync = createFakeSync(t, { prune: true })
    await sync.list({ path: 'a' }, KEPT)
    sync.workers.gates.unpublish.shut()
    await sync.list(KEPT)
    sync.remote().fetching.shut()
    await sync.list({ path: 'a' }, KEPT)
    sync.workers.gates.unpublish.open()
    await sync.clock.advance(0)
    assert.equal(sync.status().oid, null)
    sync.remote().fetching.open()
    await sync.clock.advance(0)
    assert.equal(sync.workers.inPlace.get('/a'), oid(1))
  })

  test('during its sync starts anew when that has ended', async (t) => {
    const sync = createFakeSync(t, { prune: true })
    sync.workers.gates.publish.shut()
    await sync.list({ path: 'a' }, KEPT)
    sync.synchronizer.setEntries(listed([KEPT]))
    await sync.list({ path: 'a', repo: OTHER_REPO }, KEPT)
    sync.workers.gates.publish.open()
    await sync.clock.advance(0)
    assert.equal(sync.workers.calls.includes('unpublish /a'), false)
    assert.deepEqual(
      sync.eventsOf('sync-published').map(({ repo }) => repo),
      [OTHER_REPO],
    )
    assert.equal(sync.status().state, 'synced')
  })
})

describe('an entry above or below one that is removed', () => {
  for (const [gone, added] of [
    ['a', 'a/b'],
    ['a/b', 'a'],
  ] as const) {
    test(`waits until that is unpublished: ${gone} → ${added}`, async (t) => {
      const sync = createFakeSync(t, { prune: true })
      await sync.list({ path: gone }, { path: 'x' })
      sync.forget()
      sync.workers.gates.unpublish.shut()
      sync.workers.errors.unpublish.push(failure('volume-failed'))
      await sync.list({ path: added }, { path: 'x' }, { path: 'y' })
      await sync.pollNow()
      const ofAdded = () => sync.workers.calls.filter((call) => call.split(' ')[1] === `/${added}`)
      assert.deepEqual(ofAdded(), [])
      assert.deepEqual([sync.status('y').state, sync.status(added).oid], ['synced', null])
      sync.workers.gates.unpublish.open()
      await sync.clock.advance(0)
      assert.deepEqual(ofAdded(), [], 'it is to be tried again')
      await sync.clock.advance(1000)
      assert.deepEqual([sync.status(added).state, sync.status(added).oid], ['synced', oid(1)])
      assert.equal(sync.workers.inPlace.has(`/${gone}`), false)
    })

    test(`waits until the sync of that, which is aborted, ends: ${gone} → ${added}`, async (t) => {
      const sync = createFakeSync(t)
      const publish = sync.workers.publish.bind(sync.workers)
      sync.workers.publish = (pack) => publish(pack, new AbortController().signal)
      sync.workers.gates.publish.shut()
      await sync.list({ path: gone })
      await sync.list({ path: added, repo: OTHER_REPO })
      assert.deepEqual(sync.workers.calls, [`inspect /${gone}`, `publish /${gone} 1 over nothing`])
      sync.workers.gates.publish.open()
      await sync.clock.advance(0)
      assert.equal(sync.status(added).state, 'synced')
    })
  }

  test('gives way to it when that comes back', async (t) => {
    const sync = createFakeSync(t, { prune: true })
    await sync.list({ path: 'a' })
    sync.workers.gates.unpublish.shut()
    await sync.list({ path: 'a/b' })
    await sync.list({ path: 'a' })
    sync.workers.gates.unpublish.open()
    await sync.clock.advance(0)
    assert.equal(sync.status('a').state, 'synced')
    assert.equal(sync.workers.inPlace.get('/a'), oid(1))
    assert.equal(sync.workers.calls.includes('inspect /a/b'), false)
  })
})

test('entries whose remote loses the last one not yet inspected are polled', async (t) => {
  const sync = createFakeSync(t, { maxConcurrentSyncs: 1 })
  sync.workers.gates.inspect.shut()
  await sync.list({ path: 'a' }, { path: 'x', repo: OTHER_REPO }, { path: 'b' })
  let inspected = 0
  const inspect = sync.workers.inspect.bind(sync.workers)
  sync.workers.inspect = async (...asked) => {
    const survey = await inspect(...asked)
    // By the second one, a is done, and b is still waiting for its turn.
    if (++inspected === 1) {
      sync.synchronizer.setEntries(listed([{ path: 'a' }, { path: 'x', repo: OTHER_REPO }]))
    }
    return survey
  }
  sync.workers.gates.inspect.open()
  await sync.clock.advance(0)
  assert.equal(sync.status('a').state, 'synced')
})
