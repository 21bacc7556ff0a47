// How work on the remotes of one host leaves room for that of others, and what goes first.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { announce } from '../helpers/announce.js'
import { createFakeSync, oid } from '../helpers/fake-sync.js'

const reposOf = (host: string, count: number) =>
  Array.from({ length: count }, (_, index) => `https://${host}/r${index}`)

test('at most so many remotes are polled at once, and half as many of one host', async (t) => {
  const sync = createFakeSync(t, { maxConcurrentPolls: 4 })
  const [one, other] = [reposOf('one.example.com', 4), reposOf('other.example.com', 4)]
  const repos = [...one, ...other]
  for (const repo of repos) sync.remote(repo).polling.shut()
  await sync.list(...repos.map((repo, index) => ({ path: `p${index}`, repo })))
  const asked = (of: readonly string[]) => of.map((repo) => sync.remote(repo).polls.length)
  assert.deepEqual(asked(one), [1, 1, 0, 0])
  assert.deepEqual(asked(other), [1, 1, 0, 0])
  sync.remote(one[1]).polling.open()
  await sync.clock.advance(0)
  assert.deepEqual(asked(one), [1, 1, 1, 0])
  assert.deepEqual(asked(other), [1, 1, 0, 0])
})

test('a burst of one host holds up no other one', async (t) => {
  const sync = createFakeSync(t, { jitter: 0 })
  const burst = reposOf('burst.example.com', 1000)
  for (const repo of burst) sync.remote(repo)
  const entries = burst.map((repo, index) => ({ path: `b${index}`, repo }))
  await sync.list(...entries, { path: 'a', interval: '1s' })
  for (const repo of burst) sync.remote(repo).polling.shut()
  const polled = () => burst.filter((repo) => sync.remote(repo).polls.length > 1).length
  const before = sync.remote().polls.length
  for (const repo of burst) await announce(sync, { repo })
  await sync.clock.advance(10_000)
  assert.equal(polled(), 16)
  assert.equal(sync.remote().polls.length - before, 10)
  for (const repo of burst) sync.remote(repo).polling.open()
  await sync.clock.advance(0)
  assert.equal(polled(), 1000)
})

test('what was announced is polled, and synced, before what is only due', async (t) => {
  const sync = createFakeSync(t, { maxConcurrentPolls: 2, maxConcurrentSyncs: 1, jitter: 0 })
  const repos = reposOf('git.example.com', 5)
  const order: string[] = []
  await sync.list(...repos.map((repo, index) => ({ path: `p${index}`, repo })))
  for (const repo of repos) sync.remote(repo).push(oid(2))
  sync.remote(repos[0]).polling.shut()
  for (const repo of repos) {
    const remote = sync.remote(repo)
    const listRefs = remote.listRefs.bind(remote)
    remote.listRefs = (...asked) => {
      order.push(repo)
      return listRefs(...asked)
    }
  }
  sync.synchronizer.pollNow()
  await announce(sync, { repo: repos[3] ?? '' })
  assert.deepEqual(order, [repos[3], repos[0]])
  sync.remote(repos[0]).polling.open()
  await sync.clock.advance(0)
  assert.deepEqual(order.slice(2), [repos[1], repos[2], repos[4]])
  const [first] = sync.eventsOf('sync-published').slice(repos.length)
  assert.equal(first?.entry, 'p3')
})
