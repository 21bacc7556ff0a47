// What entries share: one remote, one session, one look at its refs.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createFakeSync, OTHER_REPO, oid, REPO } from '../helpers/fake-sync.js'

test('a poll is one look at the refs, however many entries follow the remote', async (t) => {
  const sync = createFakeSync(t)
  const names = Array.from({ length: 50 }, (_, index) => `b${index}`)
  for (const name of names) sync.remote().set(`refs/heads/${name}`, oid(1))
  await sync.list(...names.map((name) => ({ path: name, branch: name })))
  assert.deepEqual(sync.remote().polls, [
    ['HEAD', ...names.map((name) => `refs/heads/${name}`).sort()],
  ])
  assert.equal(sync.opened.length, 1)
  assert.equal(sync.eventsOf('sync-published').length, 50)
  for (let poll = 2; poll < 5; poll++) {
    await sync.clock.advance(60_000)
    assert.equal(sync.remote().polls.length, poll)
  }
  assert.equal(sync.eventsOf('poll-unchanged').length, 3 * 50)
})

test('entries of one branch ask for it once', async (t) => {
  const sync = createFakeSync(t)
  await sync.list({ path: 'a', branch: 'main' }, { path: 'b', branch: 'main' }, { path: 'c' })
  assert.deepEqual(sync.remote().polls, [['HEAD', 'refs/heads/main']])
})

test('another URL is another remote', async (t) => {
  const sync = createFakeSync(t)
  await sync.list({ path: 'a' }, { path: 'b', repo: OTHER_REPO })
  assert.equal(sync.opened.length, 2)
  assert.equal(sync.remote().polls.length, 1)
  assert.equal(sync.remote(OTHER_REPO).polls.length, 1)
})

test('another spelling of a URL is the same remote', async (t) => {
  const sync = createFakeSync(t)
  await sync.list({ path: 'a' }, { path: 'b', repo: `${REPO.replace('git.', 'GIT.')}/` })
  assert.equal(sync.opened.length, 1)
  assert.equal(sync.remote().polls.length, 1)
})

test('entries with one URL but other credentials are another remote', async (t) => {
  const sync = createFakeSync(t)
  await sync.list(
    { path: 'a' },
    { path: 'b', credential: 'one' },
    { path: 'c', credential: 'two' },
    { path: 'd', repo: REPO.replace('//', '//ann:secret@') },
    { path: 'e', repo: REPO.replace('//', '//ben:secret@') },
    { path: 'f', repo: REPO.replace('//', '//ben:secret@') },
  )
  assert.deepEqual(
    sync.opened.map(({ path }) => path),
    ['a', 'b', 'c', 'd', 'e'],
  )
  assert.equal(sync.remote().polls.length, 5)
})

test('a commit is fetched without a look at the refs, and then nothing is asked', async (t) => {
  const sync = createFakeSync(t)
  await sync.list({ path: 'a', commit: oid(7) }, { path: 'b', commit: oid(8) })
  assert.deepEqual(
    sync.remote().fetches.map(({ wants }) => wants),
    [[oid(7)], [oid(8)]],
  )
  await sync.clock.advance(3_600_000)
  await sync.pollNow()
  assert.equal(sync.remote().fetches.length, 2)
  assert.deepEqual(sync.remote().polls, [])
  assert.equal(sync.status().state, 'synced')
})

test('a commit that is in place already needs no request at all', async (t) => {
  const sync = createFakeSync(t)
  sync.workers.inPlace.set('/a', oid(7))
  await sync.list({ path: 'a', commit: oid(7) })
  await sync.clock.advance(3_600_000)
  assert.deepEqual([sync.remote().polls, sync.remote().fetches], [[], []])
  assert.equal(sync.status().state, 'synced')
})

test('the oid of an annotated tag, given as a commit, is fetched once', async (t) => {
  const sync = createFakeSync(t)
  sync.workers.peeled.set(oid(70), oid(7))
  await sync.list({ path: 'a', commit: oid(70) })
  await sync.clock.advance(3_600_000)
  assert.equal(sync.remote().fetches.length, 1)
  const { state, oid: published } = sync.status()
  assert.deepEqual({ state, published }, { state: 'synced', published: oid(7) })
  assert.equal(sync.eventsOf('poll-unchanged').at(-1)?.oid, oid(7))
})

test('an annotated tag is asked for by its own oid, and published as its commit', async (t) => {
  const sync = createFakeSync(t)
  sync.remote().set('refs/tags/v1', oid(70), { peeled: oid(7) })
  sync.workers.peeled.set(oid(70), oid(7))
  await sync.list({ path: 'a', tag: 'v1' })
  await sync.clock.advance(60_000)
  assert.deepEqual(
    sync.remote().fetches.map(({ wants }) => wants),
    [[oid(70)]],
  )
  assert.deepEqual([sync.status().oid, sync.status().ref], [oid(7), 'refs/tags/v1'])
})
