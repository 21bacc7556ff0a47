// A poll that fails: all of its entries wait equally long, and the remote is left in peace.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createFakeSync, failure, listed, OTHER_REPO, oid } from '../helpers/fake-sync.js'
import { randomFrom } from '../helpers/random-history.js'
import { SEED } from '../helpers/seed.js'

const DOWN = failure('connection-refused')
const THREE = [{ path: 'a' }, { path: 'b' }, { path: 'c', interval: '2m' }]

test('every entry of a failed poll fails, and waits equally long', async (t) => {
  let calls = 0
  const sync = createFakeSync(t, { random: () => (++calls % 10) / 10 })
  sync.remote().pollError = DOWN
  await sync.list(...THREE)
  const failed = sync.eventsOf('poll-failed')
  assert.deepEqual(
    failed.map(({ entry, attempt, error }) => [entry, attempt, error.code]),
    ['a', 'b', 'c'].map((path) => [path, 1, 'connection-refused']),
  )
  assert.equal(new Set(failed.map(({ retryInMs }) => retryInMs)).size, 1)
  assert.equal(new Set(['a', 'b', 'c'].map((path) => sync.nextPollInMs(path))).size, 1)
  assert.equal(failed[0]?.retryInMs, sync.nextPollInMs())
  const { state, error, consecutiveFailures } = sync.status()
  assert.deepEqual(
    { state, error, consecutiveFailures },
    {
      state: 'failing',
      error: { code: 'connection-refused', message: DOWN.message },
      consecutiveFailures: 1,
    },
  )
})

test('back-off grows, and is capped at a minute', async (t) => {
  const sync = createFakeSync(t, { random: () => 0.999 })
  sync.remote().pollError = DOWN
  await sync.list({ path: 'a', interval: '10s' })
  const waits: number[] = []
  for (let attempt = 1; attempt <= 12; attempt++) {
    const waitMs = sync.nextPollInMs() as number
    waits.push(waitMs)
    await sync.clock.advance(waitMs)
    assert.equal(sync.remote().polls.length, attempt + 1)
  }
  assert.deepEqual(
    waits,
    waits.toSorted((a, b) => a - b),
  )
  assert.ok((waits[0] as number) <= 1000, `${waits[0]} ms at first`)
  const last = waits.at(-1) as number
  assert.ok(last > 55_000 && last <= 60_000, `${last} ms at last`)
})

test('with a long interval it is capped at five minutes', async (t) => {
  const sync = createFakeSync(t, { random: () => 0.999 })
  sync.remote().pollError = DOWN
  await sync.list({ path: 'a', interval: '1d' })
  for (let attempt = 1; attempt <= 12; attempt++) {
    await sync.clock.advance(sync.nextPollInMs() as number)
  }
  const waitMs = sync.nextPollInMs() as number
  assert.ok(waitMs > 290_000 && waitMs <= 300_000, `${waitMs} ms`)
})

test('success ends the back-off, and the next failure starts a new one', async (t) => {
  const sync = createFakeSync(t, { random: () => 0.999 })
  await sync.list({ path: 'a' })
  sync.remote().pollError = DOWN
  await sync.clock.advance(5 * 60_000)
  assert.ok(sync.status().consecutiveFailures > 5)
  sync.remote().pollError = undefined
  await sync.clock.advance(60_000)
  const { consecutiveFailures, error, state } = sync.status()
  assert.deepEqual(
    { consecutiveFailures, error, state },
    { consecutiveFailures: 0, error: null, state: 'synced' },
  )
  sync.remote().pollError = DOWN
  await sync.clock.advance(60_000)
  const again = sync.eventsOf('poll-failed').findLast(({ attempt }) => attempt === 1)
  assert.ok(again?.retryInMs !== undefined && again.retryInMs <= 1000, `${again?.retryInMs} ms`)
})

test('another remote is polled on', async (t) => {
  const sync = createFakeSync(t)
  sync.remote().pollError = DOWN
  await sync.list({ path: 'a' }, { path: 'b', repo: OTHER_REPO })
  await sync.clock.advance(10 * 60_000)
  assert.equal(sync.remote(OTHER_REPO).polls.length, 11)
  assert.equal(sync.status('b').state, 'synced')
})

test('what is in place stays while the remote is down', async (t) => {
  const sync = createFakeSync(t)
  await sync.list({ path: 'a' })
  sync.remote().pollError = DOWN
  await sync.clock.advance(3_600_000)
  assert.equal(sync.status().oid, oid(1))
  assert.deepEqual(
    [sync.synchronizer.readiness.missing(), sync.synchronizer.readiness.hasStarted()],
    [[], true],
  )
})

describe('Retry-After', () => {
  const BUSY = failure('rate-limited', { retryAfterMs: 600_000 })

  test('is honoured, however short the back-off', async (t) => {
    const sync = createFakeSync(t)
    sync.remote().pollError = BUSY
    await sync.list({ path: 'a', interval: '10s' })
    await sync.clock.advance(599_999)
    assert.equal(sync.remote().polls.length, 1)
    await sync.clock.advance(30_000)
    assert.equal(sync.remote().polls.length, 2)
  })

  test('holds for the entries that were not in the poll, too', async (t) => {
    const sync = createFakeSync(t)
    await sync.list({ path: 'a', interval: '25s' }, { path: 'b', interval: '60s' })
    await sync.clock.advance(20_000)
    sync.remote().pollError = BUSY
    sync.forget()
    await sync.clock.advance(5_000 + 599_999)
    assert.equal(sync.remote().polls.length, 1)
    assert.equal(sync.status('b').consecutiveFailures, 0)
  })

  test('of a fetch holds for the polls of the remote', async (t) => {
    const sync = createFakeSync(t)
    sync.remote().set('refs/heads/x', oid(2))
    sync.workers.inPlace.set('/a', oid(1))
    sync.remote().fetchError = BUSY
    await sync.list({ path: 'a' }, { path: 'b', branch: 'x' })
    await sync.clock.advance(599_999)
    assert.deepEqual([sync.remote().polls.length, sync.remote().fetches.length], [1, 1])
  })

  for (const dependency of [{ submodule: 'm/x' }, { lfsHost: 'lfs.example.com' }]) {
    test(`of ${Object.keys(dependency)} holds for its entry alone`, async (t) => {
      const sync = createFakeSync(t)
      sync.remote().set('refs/heads/x', oid(2))
      sync.workers.inPlace.set('/b', oid(2))
      const retryAfterMs = 600_000
      sync.workers.errors.publish.push(failure('rate-limited', { retryAfterMs, dependency }))
      await sync.list({ path: 'a' }, { path: 'b', branch: 'x' })
      sync.remote().set('refs/heads/x', oid(3))
      await sync.clock.advance(60_000)
      assert.deepEqual([sync.status('a').state, sync.status('b').oid], ['failing', oid(3)])
      assert.ok((sync.nextPollInMs('a') ?? 0) >= retryAfterMs - 60_000)
    })
  }

  test('gives way to a wish for a poll', async (t) => {
    const sync = createFakeSync(t)
    sync.remote().pollError = BUSY
    await sync.list({ path: 'a' })
    await sync.pollNow()
    assert.equal(sync.remote().polls.length, 2)
  })
})

describe('an error that time rarely mends', () => {
  test('waits for the interval', async (t) => {
    const sync = createFakeSync(t)
    sync.remote().pollError = failure('authentication-required')
    await sync.list({ path: 'a', interval: '90s' })
    assert.equal(sync.eventsOf('poll-failed')[0]?.retryInMs, 90_000)
    await sync.clock.advance(89_999)
    assert.equal(sync.remote().polls.length, 1)
    await sync.clock.advance(1)
    assert.equal(sync.remote().polls.length, 2)
    assert.equal(sync.status().consecutiveFailures, 2)
  })

  test('waits for the shortest interval of the remote', async (t) => {
    const sync = createFakeSync(t)
    sync.remote().pollError = failure('access-denied')
    await sync.list({ path: 'a', interval: '1h' }, { path: 'b', interval: '60s' })
    await sync.clock.advance(600_000)
    assert.equal(sync.remote().polls.length, 11)
  })

  test('backs off where the interval is short', async (t) => {
    const sync = createFakeSync(t, { jitter: 0.1, random: randomFrom(SEED) })
    sync.remote().pollError = failure('authentication-required')
    await sync.list({ path: 'a', interval: '1s' })
    await sync.clock.advance(3_600_000)
    const count = sync.remote().polls.length
    assert.ok(count > 60 && count < 200, `${count} polls`)
  })

  test('of one entry leaves the others of the poll alone', async (t) => {
    const sync = createFakeSync(t)
    await sync.list({ path: 'a' }, { path: 'b', branch: 'mian' })
    await sync.clock.advance(60_000)
    assert.deepEqual([sync.status('a').state, sync.status('a').error], ['synced', null])
    const { state, error, consecutiveFailures } = sync.status('b')
    assert.deepEqual(
      { state, code: error?.code, consecutiveFailures },
      { state: 'failing', code: 'branch-not-found', consecutiveFailures: 2 },
    )
    assert.match(error?.message ?? '', /no branch "mian"/)
    sync.remote().set('refs/heads/mian', oid(3))
    await sync.clock.advance(60_000)
    assert.deepEqual([sync.status('b').state, sync.status('b').oid], ['synced', oid(3)])
  })
})

describe('a ref that is missing', () => {
  const missing = (index: number, interval: string) => ({
    path: `m${index}`,
    branch: `missing${index}`,
    interval,
  })

  test('is asked for ever more rarely, up to once a minute', async (t) => {
    const sync = createFakeSync(t, { random: () => 0.999 })
    await sync.list(missing(0, '1s'))
    const waits: number[] = []
    for (let attempt = 1; attempt <= 10; attempt++) {
      waits.push(sync.nextPollInMs('m0') as number)
      await sync.clock.advance(waits.at(-1) as number)
    }
    const seconds = waits.map((waitMs) => Math.round(waitMs / 1000))
    assert.deepEqual(seconds, [1, 2, 4, 8, 16, 32, 60, 60, 60, 60])
    assert.equal(sync.eventsOf('poll-failed')[3]?.retryInMs, waits[3])
  })

  test('of many entries is one request for all of them', async (t) => {
    const sync = createFakeSync(t, { jitter: 0.1, random: randomFrom(SEED) })
    await sync.list(...Array.from({ length: 50 }, (_, index) => missing(index, '1s')))
    await sync.clock.advance(3_600_000)
    const count = sync.remote().polls.length
    assert.ok(count > 60 && count < 200, `${count} polls`)
  })

  test('is found within a minute of its appearance', async (t) => {
    const sync = createFakeSync(t, { random: () => 0.999 })
    await sync.list(missing(0, '1s'))
    await sync.clock.advance(3_600_000)
    sync.remote().set('refs/heads/missing0', oid(3))
    await sync.clock.advance(60_000)
    assert.equal(sync.status('m0').oid, oid(3))
    sync.forget()
    await sync.clock.advance(10_000)
    assert.equal(sync.remote().polls.length, 10, 'at its interval again')
  })

  test('is found at once where other entries of its remote are polled', async (t) => {
    const sync = createFakeSync(t, { jitter: 0.1, random: randomFrom(SEED) })
    await sync.list(missing(0, '1s'), { path: 'a', interval: '1s' }, missing(1, '1h'))
    await sync.clock.advance(600_000)
    sync.forget()
    sync.remote().set('refs/heads/missing0', oid(3))
    await sync.clock.advance(1100)
    assert.equal(sync.status('m0').oid, oid(3))
    assert.equal(sync.status('m1').consecutiveFailures, 1, 'at its own interval')
  })
})

describe('an error that somebody must mend', () => {
  test('is shown as stalled, and looked at again after the interval', async (t) => {
    const sync = createFakeSync(t)
    sync.remote().pollError = failure('host-key-changed')
    await sync.list({ path: 'a' })
    await sync.clock.advance(600_000)
    assert.equal(sync.remote().polls.length, 11)
    assert.equal(sync.status().state, 'stalled')
    assert.equal(sync.eventsOf('poll-failed')[0]?.retryInMs, 60_000)
    sync.remote().pollError = undefined
    await sync.clock.advance(60_000)
    assert.equal(sync.status().state, 'synced')
  })

  test('is polled when that is wished for', async (t) => {
    const sync = createFakeSync(t)
    sync.remote().pollError = failure('host-key-changed')
    await sync.list({ path: 'a' })
    sync.remote().pollError = undefined
    await sync.pollNow()
    assert.equal(sync.status().state, 'synced')
    await sync.clock.advance(60_000)
    assert.equal(sync.remote().polls.length, 3)
  })

  test('is polled when the listing changes, even its interval only', async (t) => {
    const sync = createFakeSync(t)
    sync.remote().pollError = failure('host-key-changed')
    await sync.list({ path: 'a' })
    await sync.list({ path: 'a', interval: '10s' })
    assert.equal(sync.remote().polls.length, 2)
  })
})

describe('the requests to a failing remote stay few', () => {
  const fifty = (of: (index: number) => object) =>
    Array.from({ length: 50 }, (_, index) => ({ path: `p${index}`, ...of(index) }))

  test('with entries of one interval', async (t) => {
    const sync = createFakeSync(t, { jitter: 0.1, random: randomFrom(SEED) })
    await sync.list(...fifty(() => ({})))
    sync.remote().pollError = DOWN
    sync.forget()
    await sync.clock.advance(3_600_000)
    const count = sync.remote().polls.length
    assert.ok(count > 60 && count < 200, `${count} polls`)
  })

  test('with fifty different intervals', async (t) => {
    const sync = createFakeSync(t, { jitter: 0.1, random: randomFrom(SEED) })
    await sync.list(...fifty((index) => ({ interval: `${60 + 7 * index}s` })))
    await sync.clock.advance(3_600_000)
    sync.remote().pollError = DOWN
    sync.forget()
    await sync.clock.advance(3_600_000)
    const count = sync.remote().polls.length
    assert.ok(count > 60 && count < 200, `${count} polls`)
    assert.ok(
      sync.synchronizer.status().every(({ consecutiveFailures }) => consecutiveFailures > 9),
    )
  })

  test('where the credentials are wrong', async (t) => {
    const sync = createFakeSync(t, { jitter: 0.1, random: randomFrom(SEED) })
    sync.remote().pollError = failure('authentication-required')
    await sync.list(...fifty(() => ({})))
    await sync.clock.advance(3_600_000)
    const count = sync.remote().polls.length
    assert.ok(count <= 70, `${count} polls`)
  })

  test('where every publish fails with an error that time rarely mends', async (t) => {
    const sync = createFakeSync(t, { jitter: 0.1, random: randomFrom(SEED) })
    sync.remote().fetchError = failure('access-denied')
    await sync.list(...fifty(() => ({})))
    await sync.clock.advance(3_600_000)
    const { polls, fetches } = sync.remote()
    assert.ok(fetches.length <= 50 * 70, `${fetches.length} fetches`)
    assert.ok(polls.length < fetches.length / 4, `${polls.length} polls`)
  })
})

test('a poll that fails for one remote says nothing of the entries that left it meanwhile', async (t) => {
  const sync = createFakeSync(t)
  const [a, b] = [{ path: 'a' }, { path: 'b' }]
  await sync.list(a, b)
  sync.remote().polling.shut()
  await sync.clock.advance(60_000)
  sync.remote().pollError = DOWN
  sync.synchronizer.setEntries(listed([a]))
  sync.forget()
  sync.remote().polling.open()
  await sync.clock.advance(0)
  assert.deepEqual(sync.trace(), ['poll-failed a'])
})
