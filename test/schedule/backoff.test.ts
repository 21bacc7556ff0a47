import assert from 'node:assert/strict'
import { test } from 'node:test'
import { backoffMs } from '../../src/schedule/backoff.js'
import fc from '../helpers/fast-check.js'

const baseMs = 1_000
const capMs = 60_000
const lowest = () => 0
const highest = () => 1 - Number.EPSILON

test('the longest wait doubles with each attempt up to the cap', () => {
  const waits = [1, 2, 3, 6, 7, 8, 5_000].map((attempt) =>
    backoffMs(attempt, { baseMs, capMs, random: highest }),
  )
  assert.deepEqual(waits, [1_000, 2_000, 4_000, 32_000, 60_000, 60_000, 60_000])
})

test('the shortest wait is half of the base, whatever the attempt', () => {
  for (const attempt of [1, 2, 9]) {
    assert.equal(backoffMs(attempt, { baseMs, capMs, random: lowest }), 500)
  }
})

test('a floor is waited out, also beyond the cap, and the waits after it are spread', () => {
  const options = { baseMs, capMs, floorMs: 90_000 }
  assert.equal(backoffMs(1, { ...options, random: lowest }), 90_000)
  assert.equal(backoffMs(9, { ...options, random: highest }), 90_500)
  assert.equal(backoffMs(7, { ...options, floorMs: 30_000, random: highest }), 60_000)
})

test('every wait is whole milliseconds within its bounds', () => {
  const numbers = fc.record({
    attempt: fc.nat(),
    baseMs: fc.integer({ min: 1, max: 1e6 }),
    capMs: fc.integer({ min: 1, max: 1e9 }),
    floorMs: fc.option(fc.nat(1e9), { nil: undefined }),
    share: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  })
  fc.assert(
    fc.property(numbers, ({ attempt, share, floorMs = 0, ...options }) => {
      const wait = backoffMs(attempt, { ...options, floorMs, random: () => share })
      const { baseMs: base, capMs: cap } = options
      assert.ok(Number.isSafeInteger(wait))
      assert.ok(wait >= floorMs && wait >= Math.min(base, cap) / 2)
      assert.ok(wait <= Math.max(cap, Math.max(floorMs, Math.min(base, cap) / 2) + base / 2) + 1)
    }),
  )
})
