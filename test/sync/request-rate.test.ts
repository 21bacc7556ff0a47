// What a remote that fails has to bear over hours, and what the others notice of it.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { ErrorCode } from '../../src/base/errors.js'
import { createFakeSync, type FakeSync, failure, oid, REPO } from '../helpers/fake-sync.js'
import { randomFrom } from '../helpers/random-history.js'
import { SEED } from '../helpers/seed.js'

const HOUR_MS = 3_600_000
/** Half a second at least, and half a minute on average. */
const REQUESTS_PER_HOUR = { least: 60, most: 200 }

/** When each look at the refs of a remote began. */
function timesOfPolls(sync: FakeSync, url = REPO): number[] {
  const remote = sync.remote(url)
  const times: number[] = []
  const listRefs = remote.listRefs.bind(remote)
  remote.listRefs = (prefixes, signal) => {
    times.push(sync.clock.now())
    return listRefs(prefixes, signal)
  }
  return times
}

function gapsOf(times: readonly number[]): number[] {
  return times.slice(1).map((time, index) => time - (times[index] as number))
}

describe('a remote that fails for hours', () => {
  const codes: readonly ErrorCode[] = [
    'connection-refused',
    'idle-timeout',
    'server-error',
    'protocol-error',
    'not-a-git-server',
    'authentication-required',
    'repository-not-found',
    'redirect-refused',
  ]

  test('in ever other ways is asked ever more rarely, whatever the intervals', async (t) => {
    const random = randomFrom(SEED)
    const sync = createFakeSync(t, { jitter: 0.1, random })
    const times = timesOfPolls(sync)
    const fail = () => {
      sync.remote().pollError = failure(codes[Math.floor(random() * codes.length)] as ErrorCode)
    }
    fail()
    await sync.list(
      ...['10ms', '1s', '7s', '60s', '1h'].map((interval) => ({ path: interval, interval })),
    )
    for (let hour = 1; hour <= 6; hour++) {
      const before = times.length
      for (let minute = 0; minute < 60; minute++) {
        fail()
        await sync.clock.advance(HOUR_MS / 60)
      }
      const count = times.length - before
      const { least, most } = REQUESTS_PER_HOUR
      assert.ok(count > least && count < most, `${count} in hour ${hour}`)
    }
    assert.ok(Math.min(...gapsOf(times)) >= 500)
    sync.remote().pollError = undefined
    await sync.clock.advance(60_000)
    for (const { state } of sync.synchronizer.status()) assert.equal(state, 'synced')
  })

  test('and asks for patience is left alone for as long as it asks', async (t) => {
    const random = randomFrom(SEED)
    const sync = createFakeSync(t, { jitter: 0.1, random })
    const times = timesOfPolls(sync)
    sync.remote().pollError = failure('server-error', { retryAfterMs: 300_000 })
    await sync.list({ path: 'a', interval: '10ms' }, { path: 'b', interval: '1s' })
    await sync.clock.advance(4 * HOUR_MS)
    assert.ok(times.length > 40 && times.length < 50, `${times.length} polls`)
    assert.ok(Math.min(...gapsOf(times)) >= 300_000)
  })

  test('in its fetches only is asked by each entry as its own back-off says', async (t) => {
    const sync = createFakeSync(t, { jitter: 0.1, random: randomFrom(SEED) })
    const times = timesOfPolls(sync)
    sync.remote().fetchError = failure('connection-failed')
    await sync.list({ path: 'a', interval: '10ms' })
    await sync.clock.advance(HOUR_MS)
    const { fetches } = sync.remote()
    assert.ok(fetches.length < REQUESTS_PER_HOUR.most, `${fetches.length} fetches`)
    assert.ok(times.length <= fetches.length + 1, `${times.length} polls`)
  })
})

describe('remotes that leave every request hanging', () => {
  const hanging = (index: number) => `https://git.example.com/hanging${index}`
  const listing = (interval: string) =>
    Array.from({ length: 12 }, (_, index) => ({
      path: `h${index}`,
      repo: hanging(index),
      interval,
    }))

  test('leave places for the polls of the others', async (t) => {
    const options = { maxConcurrentPolls: 4, syncTimeoutMs: 30_000, random: randomFrom(SEED) }
    const sync = createFakeSync(t, options)
    for (let index = 0; index < 12; index++) sync.remote(hanging(index)).polling.shut()
    await sync.list(...listing('1s'), { path: 'a', interval: '10s' })
    // At first nobody can know: two places of one host, for thirty seconds each.
    await sync.clock.advance(200_000)
    const times = timesOfPolls(sync)
    await sync.clock.advance(600_000)
    assert.equal(times.length, 60)
    assert.deepEqual(new Set(gapsOf(times)), new Set([10_000]))
  })

  test('leave places for the syncs of the others', async (t) => {
    const options = { maxConcurrentSyncs: 4, syncTimeoutMs: 30_000, random: randomFrom(SEED) }
    const sync = createFakeSync(t, options)
    for (let index = 0; index < 12; index++) sync.remote(hanging(index)).fetching.shut()
    await sync.list(...listing('1s'), { path: 'a', interval: '1s' })
    await sync.clock.advance(120_000)
    for (let number = 2; number < 60; number++) {
      sync.remote().push(oid(number))
      await sync.clock.advance(1000)
      assert.equal(sync.status('a').oid, oid(number))
    }
  })
})
