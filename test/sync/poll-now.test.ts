// A poll on demand: it comes as soon as it can, and no schedule or failure swallows it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createFakeSync, failure, OTHER_REPO, oid, REPO } from '../helpers/fake-sync.js'

test('polls every remote at once, and the intervals start anew', async (t) => {
  const sync = createFakeSync(t)
  await sync.list({ path: 'a' }, { path: 'b', repo: OTHER_REPO, interval: '1h' })
  await sync.clock.advance(40_000)
  await sync.pollNow()
  assert.deepEqual([sync.remote().polls.length, sync.remote(OTHER_REPO).polls.length], [2, 2])
  assert.deepEqual([sync.nextPollInMs('a'), sync.nextPollInMs('b')], [60_000, 3_600_000])
})

test('many wishes at once are one poll', async (t) => {
  const sync = createFakeSync(t)
  await sync.list({ path: 'a' })
  for (let wish = 0; wish < 20; wish++) sync.synchronizer.pollNow()
  await sync.clock.advance(0)
  assert.equal(sync.remote().polls.length, 2)
})

for (const [outcome, error] of [
  ['succeeds', undefined],
  ['fails', failure('server-error', { retryAfterMs: 60_000 })],
  ['stalls', failure('host-key-changed')],
] as const) {
  test(`during a poll that ${outcome}, many wishes are one more poll after it`, async (t) => {
    const sync = createFakeSync(t)
    await sync.list({ path: 'a' }, { path: 'b', interval: '10m' })
    sync.remote().polling.shut()
    await sync.clock.advance(60_000)
    sync.forget()
    for (let wish = 0; wish < 20; wish++) await sync.pollNow()
    assert.equal(sync.remote().polls.length, 0, 'never two at once')
    sync.remote().pollError = error
    sync.remote().polling.open()
    await sync.clock.advance(0)
    assert.equal(sync.remote().polls.length, 1)
    assert.equal(sync.remote().polling.waiting, 0)
  })
}

test('a commit that a running poll came too early for is published by the one after', async (t) => {
  const sync = createFakeSync(t)
  await sync.list({ path: 'a' })
  const remote = sync.remote()
  const listRefs = remote.listRefs.bind(remote)
  // The push comes after the answer was made, and before it arrives.
  remote.listRefs = async (...asked) => {
    const refs = await listRefs(...asked)
    remote.listRefs = listRefs
    remote.push(oid(2))
    sync.synchronizer.pollNow()
    return refs
  }
  await sync.clock.advance(60_000)
  assert.equal(sync.status().oid, oid(2))
})

test('a wish is not put off by a sync that fails before its poll begins', async (t) => {
  const sync = createFakeSync(t, { maxConcurrentPolls: 1 })
  sync.workers.gates.publish.shut()
  sync.workers.errors.publish.push(failure('volume-full'))
  await sync.list({ path: 'a' }, { path: 'b', repo: OTHER_REPO })
  sync.remote(OTHER_REPO).polling.shut()
  sync.remote(OTHER_REPO).polls.length = 0
  await sync.clock.advance(59_999)
  // The only place is taken by the other remote, so that the wish has to wait.
  await sync.list({ path: 'a' }, { path: 'b', repo: OTHER_REPO, interval: '2m' })
  assert.equal(sync.remote(OTHER_REPO).polling.waiting, 1)
  sync.forget()
  await sync.pollNow()
  sync.workers.gates.publish.open()
  await sync.clock.advance(0)
  assert.equal(sync.eventsOf('sync-failed').length, 1)
  sync.remote(OTHER_REPO).polling.open()
  await sync.clock.advance(0)
  assert.equal(sync.remote().polls.length, 1)
  assert.equal(sync.status('a').state, 'synced')
})

test('ends a back-off, and a stall of a commit', async (t) => {
  const sync = createFakeSync(t)
  sync.workers.errors.publish.push(failure('unsafe-tree'))
  await sync.list({ path: 'a' })
  assert.equal(sync.status().state, 'stalled')
  await sync.pollNow()
  assert.equal(sync.status().state, 'synced')
})

test('while the entry is inspected, the poll follows the inspection', async (t) => {
  const sync = createFakeSync(t)
  sync.workers.gates.inspect.shut()
  await sync.list({ path: 'a' })
  await sync.pollNow()
  assert.equal(sync.remote().polls.length, 0)
  sync.workers.gates.inspect.open()
  await sync.clock.advance(0)
  assert.deepEqual([sync.remote().polls.length, sync.status().state], [1, 'synced'])
  assert.equal(sync.workers.calls.filter((call) => call.startsWith('inspect')).length, 1)
})

test('of many entries some are wanted in each turn, and all of them in the end', async (t) => {
  const sync = createFakeSync(t)
  const repos = Array.from({ length: 250 }, (_, index) => `${REPO}-${index}`)
  await sync.list(...repos.map((repo, index) => ({ path: String(index), repo })))
  sync.forget()
  assert.equal(sync.synchronizer.pollNow(), repos.length)
  const wanted = sync.synchronizer
    .status()
    .filter(({ nextPoll }) => Date.parse(nextPoll ?? '') <= sync.clock.wallTime())
  assert.equal(wanted.length, 100)
  await sync.synchronizer.idle()
  assert.equal(sync.eventsOf('poll-unchanged').length, repos.length)
})

test('what leaves the listing before it is its turn is not polled', async (t) => {
  const sync = createFakeSync(t)
  const entries = Array.from({ length: 101 }, (_, index) => {
    return { path: String(index), repo: `${REPO}-${index}` }
  })
  await sync.list(...entries)
  sync.forget()
  sync.synchronizer.pollNow()
  await sync.list(...entries.slice(0, -1))
  await sync.synchronizer.idle()
  assert.equal(sync.eventsOf('poll-unchanged').length, entries.length - 1)
  assert.equal(sync.remote(`${REPO}-100`).polls.length, 0)
})
