// When entries of one remote are polled: each at its own interval, together where possible.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { FakeClock } from '../helpers/fake-clock.js'
import { createFakeSync, type FakeSync, failure, oid } from '../helpers/fake-sync.js'
import { randomFrom } from '../helpers/random-history.js'
import { SEED } from '../helpers/seed.js'

/** How often each entry was found unchanged. */
function polled(sync: FakeSync): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { entry } of sync.eventsOf('poll-unchanged')) counts[entry] = (counts[entry] ?? 0) + 1
  return counts
}

/** A clock on which the work itself takes time. */
class BusyClock extends FakeClock {
  workedMs = 0

  override now(): number {
    return super.now() + this.workedMs
  }
}

test('every entry has its own interval', async (t) => {
  const sync = createFakeSync(t)
  await sync.list({ path: 'a', interval: '10s' }, { path: 'b', interval: '60s' })
  sync.forget()
  await sync.clock.advance(600_000)
  assert.deepEqual(polled(sync), { a: 60, b: 10 })
  assert.equal(sync.remote().polls.length, 60, 'the slow one asks along with the fast one')
})

test('a poll asks the same each time, and counts for the entries that are due', async (t) => {
  const sync = createFakeSync(t)
  sync.remote().set('refs/heads/x', oid(1))
  await sync.list({ path: 'a', interval: '10s' }, { path: 'b', interval: '60s', branch: 'x' })
  sync.forget()
  await sync.clock.advance(10_000)
  assert.deepEqual(sync.remote().polls, [['HEAD', 'refs/heads/x']])
  assert.equal(sync.nextPollInMs('b'), 50_000)
})

test('status says when an entry was polled last, and when it will be next', async (t) => {
  const sync = createFakeSync(t)
  await sync.list({ path: 'a' })
  await sync.clock.advance(90_000)
  assert.equal(Date.parse(sync.status().lastPolled as string), sync.clock.wallTime() - 30_000)
  assert.equal(sync.nextPollInMs(), 30_000)
})

test('status says since when an entry is in its state', async (t) => {
  const sync = createFakeSync(t)
  await sync.list({ path: 'a' })
  const syncedAt = sync.clock.wallTime()
  await sync.clock.advance(90_000)
  assert.deepEqual([sync.status().state, Date.parse(sync.status().since)], ['synced', syncedAt])
  sync.remote().pollError = failure('server-error')
  await sync.clock.advance(30_000)
  const failedAt = sync.clock.wallTime()
  await sync.clock.advance(10_000)
  assert.deepEqual([sync.status().state, Date.parse(sync.status().since)], ['failing', failedAt])
})

test('whoever sets the time of day, polls keep their interval, and what is shown follows', async (t) => {
  const sync = createFakeSync(t)
  await sync.list({ path: 'a' })
  sync.forget()
  for (const byMs of [-3_600_000, 7_200_000]) {
    sync.clock.setWall(byMs)
    assert.equal(sync.nextPollInMs(), 60_000)
    await sync.clock.advance(60_000)
    assert.equal(Date.parse(sync.status().lastPolled as string), sync.clock.wallTime())
  }
  assert.equal(sync.remote().polls.length, 2)
})

for (const jitter of [0, 0.1, 0.5, 1]) {
  test(`entries of one interval stay one poll under a jitter of ${jitter}`, async (t) => {
    const sync = createFakeSync(t, { jitter, random: randomFrom(SEED) })
    const paths = ['a', 'b', 'c', 'd']
    await sync.list(...paths.map((path) => ({ path })))
    sync.forget()
    await sync.clock.advance(100 * 60_000)
    const polls = sync.remote().polls.length
    assert.deepEqual(polled(sync), Object.fromEntries(paths.map((path) => [path, polls])))
    const expected = 100 / (1 - jitter / 2)
    assert.ok(Math.abs(polls - expected) < 25, `${polls} polls`)
    assert.ok(polls >= 100, 'no interval is longer than it says')
  })
}

test('they stay together also where the work on each of them takes time', async (t) => {
  const clock = new BusyClock()
  const sync = createFakeSync(t, { clock, onEvent: () => clock.workedMs++ })
  await sync.list({ path: 'a' }, { path: 'b' }, { path: 'c', branch: 'missing' })
  sync.forget()
  await sync.clock.advance(10 * 60_000)
  const { polls } = sync.remote()
  assert.ok(polls.length >= 9 && polls.length <= 10, `${polls.length} polls`)
  for (const prefixes of polls) assert.deepEqual(prefixes, ['HEAD', 'refs/heads/missing'])
})

test('an entry whose branch is missing stays in the poll of the others', async (t) => {
  const sync = createFakeSync(t, { jitter: 0.1, random: randomFrom(SEED) })
  await sync.list({ path: 'a' }, { path: 'b', branch: 'missing' })
  sync.forget()
  await sync.clock.advance(100 * 60_000)
  const polls = sync.remote().polls.length
  assert.deepEqual(polled(sync), { a: polls })
  assert.equal(sync.eventsOf('poll-failed').length, polls)
})

test('jitter only shortens the intervals, by its share: a push shows within the interval', async (t) => {
  const random = { value: 0 }
  const sync = createFakeSync(t, { jitter: 0.25, random: () => random.value })
  await sync.list({ path: 'a' })
  assert.equal(sync.nextPollInMs(), 60_000)
  random.value = 1
  await sync.clock.advance(60_000)
  assert.equal(sync.nextPollInMs(), 45_000)
})

describe('an entry that is not due yet', () => {
  // At 60 s and every 10 s, b was polled; a joins such a poll if it is due soon.
  async function start(t: Parameters<typeof createFakeSync>[0], interval: string, jitter: number) {
    const sync = createFakeSync(t, { jitter, random: () => 0 })
    await sync.list({ path: 'a', interval }, { path: 'b', interval: '10s' })
    sync.forget()
    return sync
  }

  test('joins a poll that is early by at most the share of the jitter', async (t) => {
    const sync = await start(t, '22s', 0.1)
    await sync.clock.advance(20_000)
    assert.deepEqual(polled(sync), { a: 1, b: 2 })
  })

  test('does not join one that is earlier', async (t) => {
    const sync = await start(t, '23s', 0.1)
    await sync.clock.advance(22_999)
    assert.deepEqual(polled(sync), { b: 2 })
    await sync.clock.advance(1)
    assert.deepEqual(polled(sync).a, 1)
  })

  test('joins none without jitter', async (t) => {
    const sync = await start(t, '20001ms', 0)
    await sync.clock.advance(20_000)
    assert.deepEqual(polled(sync), { b: 2 })
  })

  test('joins none while it backs off', async (t) => {
    const sync = createFakeSync(t, { jitter: 1, random: () => 0.99 })
    sync.workers.errors.publish.push(...Array.from({ length: 6 }, () => failure('volume-full')))
    sync.workers.inPlace.set('/b', oid(1))
    await sync.list({ path: 'a', interval: '1h' }, { path: 'b', interval: '1s' })
    for (let attempt = 1; attempt <= 6; attempt++) {
      assert.equal(sync.status('a').consecutiveFailures, attempt)
      const waitMs = sync.nextPollInMs('a') as number
      const before = sync.remote().polls.length
      await sync.clock.advance(waitMs - 1)
      assert.equal(sync.status('a').consecutiveFailures, attempt, 'not a moment earlier')
      if (waitMs > 3000) assert.ok(sync.remote().polls.length > before, 'while b was polled')
      await sync.clock.advance(1)
    }
    assert.equal(sync.status('a').state, 'synced')
  })
})

test('where an interval follows the end of a sync, nobody is asked before that end', async (t) => {
  const sync = createFakeSync(t, { retryMs: () => 10_000, syncTimeoutMs: 60_000 })
  sync.remote().fetching.shut()
  await sync.list({ path: 'a', interval: '10s' })
  await sync.clock.advance(35_000)
  assert.equal(sync.remote().polls.length, 1)
  sync.remote().fetching.open()
  await sync.clock.advance(0)
  assert.equal(sync.nextPollInMs(), 10_000)
  sync.remote().push(oid(2))
  sync.remote().fetchError = failure('server-error')
  await sync.clock.advance(10_000)
  assert.deepEqual([sync.remote().polls.length, sync.nextPollInMs()], [2, 10_000])
  // One that has no end is given up in time.
  sync.remote().fetchError = undefined
  sync.remote().fetching.shut()
  await sync.clock.advance(10_000)
  await sync.clock.advance(60_000)
  assert.equal(sync.remote().polls.length, 3)
  await sync.clock.advance(10_000)
  assert.equal(sync.remote().polls.length, 4)
})
