import assert from 'node:assert/strict'
import { test } from 'node:test'
import { spread } from '../../src/schedule/cadence.js'

const cadence = (jitter: number, random: number) => ({ jitter, random: () => random })

test('intervals are shortened by up to the share of the jitter, and never longer', () => {
  for (const [jitter, random, factor] of [
    [0, 0, 1],
    [0, 1, 1],
    [0.1, 0, 1],
    [0.1, 0.5, 0.95],
    [0.1, 1, 0.9],
    [1, 0, 1],
    [1, 1, 0],
  ] as const) {
    assert.equal(spread(cadence(jitter, random)), factor)
  }
})
