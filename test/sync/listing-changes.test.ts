// Entries that are added to a running listing, or changed in it: what is aborted, what is
// kept, and what is polled.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createFakeSync, OTHER_REPO, oid, REPO } from '../helpers/fake-sync.js'

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

describe('an entry that changes', () => {
  test('to another repo is reported as changed, and published from there', async (t) => {
    const sync = createFakeSync(t)
    sync.remote(OTHER_REPO).push(oid(5))
    await sync.list({ path: 'a' })
    sync.forget()
    await sync.list({ path: 'a', repo: OTHER_REPO })
    assert.deepEqual(
      sync.events.map((event) => [event.type, 'repo' in event && event.repo]),
      [
        ['entry-changed', OTHER_REPO],
        ['poll-changed', OTHER_REPO],
        ['bytes-received', OTHER_REPO],
        ['sync-published', OTHER_REPO],
      ],
    )
    assert.deepEqual([sync.synchronizer.readiness.missing(), sync.status().oid], [[], oid(5)])
    await sync.clock.advance(600_000)
    assert.equal(sync.remote().polls.length, 0, 'the old remote is not asked any more')
  })

  test('to another branch is inspected and polled at once', async (t) => {
    const sync = createFakeSync(t)
    sync.remote().set('refs/heads/x', oid(2))
    await sync.list({ path: 'a' })
    sync.forget()
    await sync.list({ path: 'a', branch: 'x' })
    assert.deepEqual(sync.trace(), ['entry-changed a', 'poll-changed a', 'sync-published a'])
    assert.deepEqual([sync.status().ref, sync.status().oid], ['refs/heads/x', oid(2)])
  })

  test('to suspended leaves what others put there, also with `clean`', async (t) => {
    const sync = createFakeSync(t)
    const cleaned: boolean[] = []
    const inspect = sync.workers.inspect.bind(sync.workers)
    sync.workers.inspect = (site, ...more) => {
      cleaned.push(site.clean ?? false)
      return inspect(site, ...more)
    }
    await sync.list({ path: 'a', clean: true })
    await sync.list({ path: 'a', clean: true, suspend: true })
    assert.deepEqual(cleaned, [true, false])
  })

  test('to the other mode is looked at in that mode, and published so', async (t) => {
    const sync = createFakeSync(t)
    const modes: string[] = []
    const inspect = sync.workers.inspect.bind(sync.workers)
    sync.workers.inspect = async (site, ...more) => {
      modes.push(site.mode)
      const survey = await inspect(site, ...more)
      return site.mode === 'symlink' ? { commit: undefined, drift: undefined } : survey
    }
    await sync.list({ path: 'a' })
    await sync.list({ path: 'a', publish: 'symlink' })
    assert.deepEqual(modes, ['in-place', 'symlink'])
    assert.equal(sync.eventsOf('sync-published').length, 2)
    assert.deepEqual(sync.synchronizer.readiness.missing(), [], 'what is there stays in place')
  })

  test('aborts its sync, and publishes what it says now', async (t) => {
    const sync = createFakeSync(t)
    sync.remote().set('refs/heads/x', oid(2))
    sync.workers.gates.publish.shut()
    await sync.list({ path: 'a' })
    await sync.list({ path: 'a', branch: 'x' })
    assert.ok(sync.workers.ended.includes('publish /a 1 over nothing'))
    sync.workers.gates.publish.open()
    await sync.clock.advance(0)
    assert.deepEqual(
      sync.eventsOf('sync-published').map((event) => event.oid),
      [oid(2)],
    )
    assert.equal(sync.eventsOf('sync-failed').length, 0)
  })

  test('in who is asked before aborts a sync that would not ask', async (t) => {
    const sync = createFakeSync(t)
    sync.workers.gates.publish.shut()
    await sync.list({ path: 'a', publish: 'symlink' })
    await sync.list({ path: 'a', publish: 'symlink', before: [{ touch: '/asked' }] })
    assert.ok(sync.workers.ended.includes('publish /a 1 over nothing'))
    assert.equal(sync.eventsOf('sync-published').length, 0)
    sync.workers.gates.publish.open()
    await sync.clock.advance(0)
    assert.equal(sync.eventsOf('sync-published').length, 1)
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
