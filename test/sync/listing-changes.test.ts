// Every change of a running listing: what is aborted, what is kept, and what is polled.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createFakeSync, failure, listed, OTHER_REPO, oid, REPO } from '../helpers/fake-sync.js'

describe('an entry that is added', () => {
  test('is inspected and polled at once, while the others keep their time', async (t) => {
    const sync = createFakeSync(t)
    await sync.list({ path: 'a' })
    await sync.clock.advance(20_000)
    sync.remote().set('refs/heads/x', oid(2))
    sync.forget()
    await sync.list({ path: 'a' }, { path: 'b', branch: 'x' })
    assert.deepEqual(sync.remote().polls, [['HEAD', 'refs/heads/x']])
    assert.deepEqual(sync.trace(), ['entry-added b', 'poll-changed b', 'sync-published b'])
    assert.deepEqual([sync.nextPollInMs('a'), sync.nextPollInMs('b')], [40_000, 60_000])
  })

  test('does not hold up the polls of the others while it waits for its inspection', async (t) => {
    const sync = createFakeSync(t, { maxConcurrentSyncs: 1 })
    await sync.list({ path: 'a' })
    sync.workers.gates.inspect.shut()
    await sync.list({ path: 'a' }, { path: 'b' })
    sync.forget()
    await sync.clock.advance(180_000)
    assert.equal(sync.eventsOf('poll-unchanged').length, 3)
  })
})

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
    await sync.list({ path: 'a' })
    await sync.list()
    assert.equal(signals[0]?.aborted, true)
    assert.equal(sync.workers.calls.includes('unpublish /a'), false)
    sync.workers.gates.publish.open()
    await sync.clock.advance(0)
    assert.deepEqual(sync.workers.ended.slice(-2), ['publish /a 1 over nothing', 'unpublish /a'])
    assert.equal(sync.eventsOf('sync-published').length, 0)
  })

  test('is unpublished later where that fails at first', async (t) => {
    const sync = createFakeSync(t, { prune: true })
    await sync.list({ path: 'a' })
    sync.workers.errors.unpublish.push(failure('volume-failed'), failure('path-blocked'))
    await sync.list()
    assert.deepEqual(
      sync.eventsOf('tidy-failed').map(({ error }) => error.code),
      ['volume-failed'],
    )
    assert.deepEqual(sync.synchronizer.status(), [])
    await sync.clock.advance(120_000)
    assert.equal(sync.workers.calls.filter((call) => call === 'unpublish /a').length, 3)
    assert.equal(sync.workers.inPlace.size, 0)
    assert.equal(sync.clock.pendingTimers, 0)
  })
})

describe('an entry that is removed and comes back', () => {
  test('at once stays what it was', async (t) => {
    const sync = createFakeSync(t, { prune: true })
    await sync.list({ path: 'a' })
    sync.forget()
    sync.synchronizer.setEntries([])
    await sync.list({ path: 'a' })
    assert.deepEqual(sync.trace(), ['entry-removed a', 'entry-added a', 'poll-unchanged a'])
    assert.deepEqual(sync.workers.calls, ['inspect /a', 'tidy /a'])
    assert.equal(sync.opened.length, 1)
    await sync.clock.advance(60_000)
    assert.equal(sync.remote().polls.length, 2)
  })

  test('while it is unpublished is published anew, and missing until then', async (t) => {
    const sync = createFakeSync(t, { prune: true })
    await sync.list({ path: 'a' })
    sync.workers.gates.unpublish.shut()
    await sync.list()
    sync.remote().fetching.shut()
    await sync.list({ path: 'a' })
    sync.workers.gates.unpublish.open()
    await sync.clock.advance(0)
    assert.deepEqual(sync.synchronizer.missing(), ['a'])
    sync.remote().fetching.open()
    await sync.clock.advance(0)
    assert.deepEqual(sync.synchronizer.missing(), [])
    assert.equal(sync.workers.inPlace.get('/a'), oid(1))
  })

  test('during its sync starts anew when that has ended', async (t) => {
    const sync = createFakeSync(t, { prune: true })
    sync.workers.gates.publish.shut()
    await sync.list({ path: 'a' })
    sync.synchronizer.setEntries([])
    await sync.list({ path: 'a', repo: OTHER_REPO })
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

describe('an entry that changes', () => {
  test('to another repo is reported as removed and added, and published from there', async (t) => {
    const sync = createFakeSync(t)
    sync.remote(OTHER_REPO).push(oid(5))
    await sync.list({ path: 'a' })
    sync.forget()
    await sync.list({ path: 'a', repo: OTHER_REPO })
    assert.deepEqual(
      sync.events.map((event) => [event.type, 'repo' in event && event.repo]),
      [
        ['entry-removed', REPO],
        ['entry-added', OTHER_REPO],
        ['poll-changed', OTHER_REPO],
        ['sync-published', OTHER_REPO],
      ],
    )
    assert.deepEqual([sync.synchronizer.missing(), sync.status().oid], [[], oid(5)])
    await sync.clock.advance(600_000)
    assert.equal(sync.remote().polls.length, 0, 'the old remote is not asked any more')
  })

  test('to another branch is inspected and polled at once', async (t) => {
    const sync = createFakeSync(t)
    sync.remote().set('refs/heads/x', oid(2))
    await sync.list({ path: 'a' })
    sync.forget()
    await sync.list({ path: 'a', branch: 'x' })
    assert.deepEqual(sync.trace(), ['poll-changed a', 'sync-published a'])
    assert.deepEqual([sync.status().ref, sync.status().oid], ['refs/heads/x', oid(2)])
  })

  test('to the other mode is looked at in that mode, and published so', async (t) => {
    const sync = createFakeSync(t)
    const modes: string[] = []
    const inspect = sync.workers.inspect.bind(sync.workers)
    sync.workers.inspect = async (site) => {
      modes.push(site.mode)
      return site.mode === 'symlink' ? undefined : inspect(site)
    }
    await sync.list({ path: 'a' })
    await sync.list({ path: 'a', publish: 'symlink' })
    assert.deepEqual(modes, ['in-place', 'symlink'])
    assert.equal(sync.eventsOf('sync-published').length, 2)
    assert.deepEqual(sync.synchronizer.missing(), [], 'what is there stays in place')
  })

  test('aborts its sync, and publishes what it says now', async (t) => {
    const sync = createFakeSync(t)
    sync.remote().set('refs/heads/x', oid(2))
    sync.workers.gates.publish.shut()
    await sync.list({ path: 'a' })
    await sync.list({ path: 'a', branch: 'x' })
    assert.equal(sync.workers.ended.at(-1), 'publish /a 1 over nothing')
    sync.workers.gates.publish.open()
    await sync.clock.advance(0)
    assert.deepEqual(
      sync.eventsOf('sync-published').map((event) => event.oid),
      [oid(2)],
    )
    assert.equal(sync.eventsOf('sync-failed').length, 0)
  })

  test('while its poll runs is polled for what it says now', async (t) => {
    const sync = createFakeSync(t)
    sync.remote().set('refs/heads/x', oid(2))
    sync.remote().polling.shut()
    await sync.list({ path: 'a' }, { path: 'b' })
    await sync.list({ path: 'a', branch: 'x' }, { path: 'b' })
    sync.remote().polling.open()
    await sync.clock.advance(0)
    assert.deepEqual([sync.status('a').oid, sync.status('b').oid], [oid(2), oid(1)])
    assert.deepEqual(
      sync
        .eventsOf('sync-published')
        .map(({ entry }) => entry)
        .sort(),
      ['a', 'b'],
    )
  })

  test('forgets its failures', async (t) => {
    const sync = createFakeSync(t)
    await sync.list({ path: 'a', branch: 'mian' })
    assert.equal(sync.status().consecutiveFailures, 1)
    await sync.list({ path: 'a', branch: 'main' })
    assert.deepEqual([sync.status().consecutiveFailures, sync.status().error], [0, null])
  })
})

describe('an entry of which only the interval, required or the spelling changes', () => {
  test('keeps its sync, and is polled at the new interval', async (t) => {
    const sync = createFakeSync(t)
    sync.workers.gates.publish.shut()
    await sync.list({ path: 'a' })
    await sync.list({ path: 'a', interval: '10s', required: false })
    sync.workers.gates.publish.open()
    await sync.clock.advance(0)
    assert.equal(sync.eventsOf('sync-published').length, 1)
    assert.equal(sync.remote().fetches.length, 1)
    assert.equal(sync.opened.length, 1)
    assert.equal(sync.workers.calls.filter((call) => call === 'inspect /a').length, 1)
    sync.forget()
    await sync.clock.advance(60_000)
    assert.equal(sync.remote().polls.length, 6)
    assert.equal(sync.status().required, false)
  })

  test('takes its new name, without a new publication', async (t) => {
    const sync = createFakeSync(t)
    await sync.list({ path: 'a' })
    sync.forget()
    const diff = await sync.list({ path: './a', repo: `${REPO}/` })
    assert.equal(diff.changed.length, 1)
    assert.deepEqual(sync.trace(), ['entry-removed a', 'entry-added ./a', 'poll-unchanged ./a'])
    assert.deepEqual(sync.workers.calls, [])
    assert.deepEqual(
      sync.synchronizer.status().map(({ path }) => path),
      ['./a'],
    )
  })

  test('takes its new name in the middle of a sync', async (t) => {
    const sync = createFakeSync(t)
    sync.workers.gates.publish.shut()
    await sync.list({ path: 'a' })
    await sync.list({ path: './a' })
    sync.workers.gates.publish.open()
    await sync.clock.advance(0)
    assert.deepEqual(
      sync.eventsOf('sync-published').map(({ entry }) => entry),
      ['./a'],
    )
  })
})

test('a listing that says the same changes nothing', async (t) => {
  const sync = createFakeSync(t)
  await sync.list({ path: 'a' }, { path: 'b' })
  sync.forget()
  const diff = await sync.list({ path: 'b' }, { path: 'a' })
  assert.deepEqual([diff.added, diff.changed, diff.removed], [[], [], []])
  assert.deepEqual([sync.events, sync.workers.calls, sync.remote().polls], [[], [], []])
})

test('entries that wait for one that leaves before it was inspected are polled', async (t) => {
  const sync = createFakeSync(t, { maxConcurrentSyncs: 1 })
  sync.workers.gates.inspect.shut()
  await sync.list({ path: 'x', repo: OTHER_REPO }, { path: 'a' }, { path: 'b' })
  const kept = listed([{ path: 'x', repo: OTHER_REPO }, { path: 'a' }])
  const inspect = sync.workers.inspect.bind(sync.workers)
  sync.workers.inspect = (site) => {
    // When it is the turn of a, its first poll would still have to wait for b.
    if (site.directory === '/a') sync.synchronizer.setEntries(kept)
    return inspect(site)
  }
  sync.workers.gates.inspect.open()
  await sync.clock.advance(0)
  assert.equal(sync.status('a').state, 'synced')
})

test('entries whose remote loses the last one not yet inspected are polled', async (t) => {
  const sync = createFakeSync(t, { maxConcurrentSyncs: 1 })
  sync.workers.gates.inspect.shut()
  await sync.list({ path: 'a' }, { path: 'x', repo: OTHER_REPO }, { path: 'b' })
  let inspected = 0
  const inspect = sync.workers.inspect.bind(sync.workers)
  sync.workers.inspect = async (site) => {
    const commit = await inspect(site)
    // By the second one, a is done, and b is still waiting for its turn.
    if (++inspected === 1) {
      sync.synchronizer.setEntries(listed([{ path: 'a' }, { path: 'x', repo: OTHER_REPO }]))
    }
    return commit
  }
  sync.workers.gates.inspect.open()
  await sync.clock.advance(0)
  assert.equal(sync.status('a').state, 'synced')
})
