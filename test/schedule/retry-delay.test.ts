import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ERROR_CODES, type ErrorCode } from '../../src/base/error-codes.js'
import { retryDelayMs } from '../../src/schedule/retry-delay.js'
import { failure } from '../helpers/fake-sync.js'

const MINUTE = 60_000
const cadence = (jitter: number, random: number) => ({ jitter, random: () => random })

/** The longest wait, of all that chance may choose. */
const longest = (attempt: number, intervalMs: number, retryAfterMs?: number) =>
  retryDelayMs(failure('server-error', { retryAfterMs }), attempt, intervalMs, cadence(0, 1))
/** The shortest one. */
const shortest = (attempt: number, intervalMs: number, retryAfterMs?: number) =>
  retryDelayMs(failure('server-error', { retryAfterMs }), attempt, intervalMs, cadence(0, 0))

describe('after a failure that is retried', () => {
  test('the wait grows from one second to a cap of a minute', () => {
    const waits = [1, 2, 3, 4, 5, 6, 7, 8, 1000].map((attempt) => longest(attempt, 10_000))
    assert.deepEqual(waits, [1000, 2000, 4000, 8000, 16_000, 32_000, MINUTE, MINUTE, MINUTE])
  })

  test('the cap is the interval, but between one minute and five', () => {
    const caps = [1, MINUTE, 3 * MINUTE, 5 * MINUTE, 1440 * MINUTE].map((interval) =>
      longest(1000, interval),
    )
    assert.deepEqual(caps, [MINUTE, MINUTE, 3 * MINUTE, 5 * MINUTE, 5 * MINUTE])
  })

  test('the wait is never none', () => {
    for (const attempt of [0, 1, 2, 1000]) assert.equal(shortest(attempt, 1), 500)
  })

  test('the wait is at least what Retry-After says, even beyond the cap', () => {
    assert.equal(shortest(1, 10_000, 3_600_000), 3_600_000)
    assert.ok((longest(1, 10_000, 3_600_000) as number) > 3_600_000, 'not all at the same moment')
    assert.equal(longest(20, 10_000, 1000), MINUTE)
  })
})

describe('after a failure that waits', () => {
  const wait = (jitter: number, random: number, retryAfterMs?: number) =>
    retryDelayMs(failure('access-denied', { retryAfterMs }), 1, 10_000, cadence(jitter, random))
  const longestWait = (attempt: number, intervalMs: number) =>
    retryDelayMs(failure('access-denied'), attempt, intervalMs, cadence(0, 1))

  test('it is the interval, shortened like any other', () => {
    assert.deepEqual([wait(0.1, 0), wait(0.1, 0.5), wait(0.1, 1)], [10_000, 9500, 9000])
  })

  test('it is at least what Retry-After says', () => {
    assert.deepEqual([wait(0.1, 1, 60_000), wait(0.1, 1, 500)], [60_000, 9000])
  })

  test('it grows to a minute where the interval is shorter, and is never less than that', () => {
    const waits = [1, 2, 3, 4, 5, 6, 7, 1000].map((attempt) => longestWait(attempt, 3000))
    assert.deepEqual(waits, [3000, 3000, 4000, 8000, 16_000, 32_000, MINUTE, MINUTE])
    assert.equal(longestWait(1000, 10 * MINUTE), 10 * MINUTE)
  })
})

test('each code has a wait', () => {
  for (const [code, [disposition]] of Object.entries(ERROR_CODES)) {
    const waitMs = retryDelayMs(failure(code as ErrorCode), 1, 10_000, cadence(0.1, 0.5))
    assert.ok(waitMs >= 500 && waitMs <= 10_000, code)
    if (disposition !== 'retry') assert.equal(waitMs, 9500, code)
  }
})

test('a fixed wait is the same after each failure, whatever it is', () => {
  const fixed = { ...cadence(0, 1), retryMs: () => 7 }
  for (const code of Object.keys(ERROR_CODES) as ErrorCode[]) {
    for (const attempt of [1, 2, 1000]) {
      assert.equal(retryDelayMs(failure(code), attempt, MINUTE, fixed), 7, code)
    }
  }
})
