// What an announcement does: it is a reason to look, at once, and never taken for true.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { announce, pollsOf } from '../helpers/announce.js'
import { createFakeSync, failure, OTHER_REPO, oid } from '../helpers/fake-sync.js'

describe('which entries are polled', () => {
  const HEAD = 'refs/heads/main'
  const cases: [string, object, string | undefined, boolean][] = [
    ['HEAD, for the branch that it names', {}, HEAD, true],
    ['HEAD, for another branch', {}, 'refs/heads/other', false],
    ['HEAD, for a tag', {}, 'refs/tags/v1.0.0', false],
    ['a branch, for its own', { branch: 'main' }, HEAD, true],
    ['a branch, for a tag of its name', { branch: 'main' }, 'refs/tags/main', false],
    ['a branch, where no ref is said', { branch: 'main' }, undefined, true],
    ['a tag, for its own', { tag: 'main' }, 'refs/tags/main', true],
    ['a ref, for its own', { ref: 'refs/pull/7/head' }, 'refs/pull/7/head', true],
    ['versions, for one in range', { semver: '^1.0.0' }, 'refs/tags/v1.9.9', true],
    ['versions, for one out of range', { semver: '^1.0.0' }, 'refs/tags/v2.0.0', false],
    ['versions, for what is none', { semver: '^1.0.0' }, 'refs/tags/latest', false],
    ['versions, for a branch of such a name', { semver: '^1.0.0' }, 'refs/heads/v1.0.1', false],
    ['a commit, for nothing', { commit: oid(1) }, undefined, false],
    ['what is suspended, for nothing', { suspend: true }, HEAD, false],
  ]
  for (const [what, fields, ref, isPolled] of cases) {
    test(what, async (t) => {
      const sync = createFakeSync(t)
      const remote = sync.remote()
      for (const name of ['refs/tags/main', 'refs/tags/v1.0.0', 'refs/pull/7/head']) {
        remote.set(name, oid(1))
      }
      await sync.list({ path: 'a', ...fields })
      sync.forget()
      assert.equal(await announce(sync, { ref }), isPolled ? 1 : 0)
      assert.equal(pollsOf(sync), isPolled ? 1 : 0)
    })
  }

  test('those of the repository that was pushed, and of no other', async (t) => {
    const sync = createFakeSync(t)
    await sync.list({ path: 'a' }, { path: 'b' }, { path: 'c', repo: OTHER_REPO })
    sync.forget()
    assert.equal(await announce(sync, { repo: 'git@git.example.com:Repo.git' }), 2)
    assert.deepEqual([pollsOf(sync), pollsOf(sync, OTHER_REPO)], [1, 0])
    assert.equal(await announce(sync, { repo: 'https://git.example.com/unknown' }), 0)
    assert.equal(pollsOf(sync), 1)
  })
})

test('what was announced is published at once, and the lag counts from the announcement', async (t) => {
  const sync = createFakeSync(t)
  await sync.list({ path: 'a' })
  await sync.clock.advance(10_000)
  sync.remote().push(oid(2))
  sync.remote().fetching.shut()
  await announce(sync, { oid: oid(2), before: oid(1) })
  await sync.clock.advance(700)
  sync.remote().fetching.open()
  await sync.clock.advance(0)
  assert.equal(sync.status().oid, oid(2))
  const lags = sync.eventsOf('sync-published').map(({ trigger }) => trigger)
  assert.deepEqual(lags, ['poll', 'webhook'])
  assert.equal(sync.eventsOf('sync-published').at(-1)?.lagMs, 700)
})

test('what a poll finds has a lag since that poll began', async (t) => {
  const sync = createFakeSync(t)
  await sync.list({ path: 'a' })
  sync.remote().push(oid(2))
  await sync.clock.advance(60_000)
  const last = sync.eventsOf('sync-published').at(-1)
  assert.deepEqual([last?.oid, last?.trigger], [oid(2), 'poll'])
})

test('many announcements at once are one poll, and during it one more', async (t) => {
  const sync = createFakeSync(t)
  await sync.list({ path: 'a' })
  sync.forget()
  sync.remote().polling.shut()
  for (let count = 0; count < 50; count++) await announce(sync)
  assert.equal(sync.remote().polling.waiting, 1)
  sync.remote().polling.open()
  await sync.clock.advance(249)
  assert.equal(pollsOf(sync), 1)
  await sync.clock.advance(1)
  assert.equal(pollsOf(sync), 2)
})

test('what is announced during a poll is not answered by it', async (t) => {
  const sync = createFakeSync(t)
  await sync.list({ path: 'a' })
  sync.remote().polling.shut()
  await announce(sync)
  await sync.clock.advance(100)
  await announce(sync)
  sync.remote().polling.open()
  await sync.clock.advance(0)
  sync.remote().push(oid(2))
  await sync.clock.advance(150)
  const last = sync.eventsOf('sync-published').at(-1)
  assert.deepEqual([last?.oid, last?.trigger], [oid(2), 'webhook'])
  assert.equal(sync.nextPollInMs(), 300_000)
})

test('what is announced during a poll that fails is not forgotten', async (t) => {
  const sync = createFakeSync(t)
  await sync.list({ path: 'a' })
  sync.remote().polling.shut()
  await announce(sync)
  await announce(sync)
  sync.remote().pollError = failure('server-error')
  sync.remote().polling.open()
  await sync.clock.advance(0)
  sync.remote().pollError = undefined
  sync.remote().push(oid(2))
  await sync.clock.advance(250)
  assert.equal(sync.eventsOf('sync-published').at(-1)?.trigger, 'webhook')
})

test('what is announced during a poll of the interval waits for its time, too', async (t) => {
  const sync = createFakeSync(t)
  const { polling } = sync.remote()
  await sync.list({ path: 'a' })
  sync.forget()
  polling.shut()
  await sync.clock.advance(60_000)
  await announce(sync)
  polling.open()
  polling.shut()
  await sync.clock.advance(0)
  await announce(sync)
  polling.open()
  await sync.clock.advance(249)
  assert.equal(pollsOf(sync), 2)
  await sync.clock.advance(1)
  assert.equal(pollsOf(sync), 3)
})

test('an announcement puts off no poll that is due before', async (t) => {
  const sync = createFakeSync(t)
  sync.remote().set('refs/heads/rare', oid(7))
  await sync.list({ path: 'a' }, { path: 'rare', branch: 'rare' })
  await sync.clock.advance(59_800)
  await announce(sync)
  await sync.clock.advance(100)
  sync.forget()
  await announce(sync, { ref: 'refs/heads/rare' })
  await sync.clock.advance(100)
  assert.equal(pollsOf(sync), 1)
  await sync.clock.advance(1_000)
  assert.equal(pollsOf(sync), 1)
})

test('what the remote does not confirm is not published, and costs one request', async (t) => {
  const sync = createFakeSync(t)
  await sync.list({ path: 'a' })
  sync.forget()
  await announce(sync, { oid: oid(9), before: oid(8) })
  await sync.clock.advance(59_999)
  assert.deepEqual([pollsOf(sync), sync.remote().fetches.length], [1, 0])
  assert.equal(sync.status().oid, oid(1))
})

describe('the interval of a remote whose webhooks arrive', () => {
  test('is the longer one, also of entries that were not pushed to', async (t) => {
    const sync = createFakeSync(t)
    sync.remote().set('refs/heads/rare', oid(7))
    await sync.list({ path: 'a' }, { path: 'rare', branch: 'rare' }, { path: 'c', interval: '1h' })
    await announce(sync)
    assert.deepEqual([sync.nextPollInMs('a'), sync.nextPollInMs('c')], [300_000, 3_600_000])
    await sync.clock.advance(60_000)
    assert.equal(sync.nextPollInMs('rare'), 300_000)
  })

  test('is its own again once a poll finds what no webhook had announced', async (t) => {
    const sync = createFakeSync(t)
    sync.remote().set('refs/heads/rare', oid(7))
    await sync.list({ path: 'a' }, { path: 'rare', branch: 'rare' })
    await announce(sync)
    await sync.clock.advance(60_000)
    sync.remote().set('refs/heads/rare', oid(8))
    await sync.clock.advance(300_000)
    assert.equal(sync.status('rare').oid, oid(8))
    assert.deepEqual([sync.status('a').webhooks, sync.status('rare').webhooks], ['none', 'missed'])
    assert.deepEqual([sync.nextPollInMs('a'), sync.nextPollInMs('rare')], [60_000, 60_000])
  })

  test('of an entry that was missed it stays so, until one comes for just this one', async (t) => {
    const sync = createFakeSync(t)
    sync.remote().set('refs/heads/rare', oid(7))
    await sync.list({ path: 'a' }, { path: 'rare', branch: 'rare' })
    await announce(sync)
    sync.remote().set('refs/heads/rare', oid(8))
    await sync.clock.advance(300_000)
    await announce(sync)
    await sync.clock.advance(60_000)
    assert.equal(sync.nextPollInMs('rare'), 60_000)
    await announce(sync, { ref: 'refs/heads/rare' })
    assert.equal(sync.nextPollInMs('rare'), 300_000)
  })

  test('is not touched by the webhooks of another', async (t) => {
    const sync = createFakeSync(t)
    await sync.list({ path: 'a' }, { path: 'b', repo: OTHER_REPO })
    await announce(sync, { repo: OTHER_REPO })
    await sync.clock.advance(60_000)
    assert.deepEqual([sync.nextPollInMs('a'), sync.nextPollInMs('b')], [60_000, 240_000])
  })
})

test('a flood for one remote makes no poll of another late', async (t) => {
  const sync = createFakeSync(t, { maxConcurrentPolls: 1 })
  await sync.list({ path: 'a' }, { path: 'b', repo: OTHER_REPO })
  await sync.clock.advance(55_000)
  sync.forget()
  for (let count = 0; count < 1_000; count++) {
    await announce(sync, { oid: oid(2), before: oid(1) })
    await sync.clock.advance(10)
    const isDue = sync.clock.now() - Date.UTC(2024, 0, 1) >= 60_000
    assert.equal(pollsOf(sync, OTHER_REPO), isDue ? 1 : 0)
  }
})

test('a poll on demand of one entry leaves the others alone', async (t) => {
  const sync = createFakeSync(t)
  await sync.list({ path: 'a' }, { path: 'b', repo: OTHER_REPO })
  sync.forget()
  assert.equal(sync.synchronizer.pollNow('b'), 1)
  assert.equal(sync.synchronizer.pollNow('nowhere'), 0)
  await sync.clock.advance(0)
  assert.deepEqual([pollsOf(sync), pollsOf(sync, OTHER_REPO)], [0, 1])
})
