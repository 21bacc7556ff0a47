import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseDuration, parseInterval } from '../../src/base/duration.js'
import fc from '../helpers/fast-check.js'

const accepted: [string, number][] = [
  ['0', 0],
  ['60000', 60_000],
  ['60s', 60_000],
  ['250ms', 250],
  ['1.5s', 1500],
  ['2d', 172_800_000],
  ['1h 30s', 3_630_000],
  ['1h30m', 5_400_000],
  ['1d2h3m4s5ms', 93_784_005],
  [' 10 m ', 600_000],
  ['1h  30 s', 3_630_000],
  ['5m5ms', 300_005],
]

for (const [text, ms] of accepted) {
  test(`"${text}" is ${ms} ms`, () => assert.equal(parseDuration(text), ms))
}

const rejected: [string, RegExp][] = [
  ['', /is empty/],
  ['   ', /is empty/],
  ['-5s', /must not be negative: "-5s"/],
  ['-1', /must not be negative/],
  ['5x', /must be a duration such as .*not "5x"/],
  ['soon', /must be a duration/],
  ['1 30s', /must be a duration/],
  ['1,000', /must be a duration/],
  ['1_000', /must be a duration/],
  ['1e3', /must be a duration/],
  ['5 minutes', /must be a duration/],
  ['5S', /must be a duration/],
  ['5M', /must be a duration/],
  ['1w', /must be a duration/],
  ['30s 1h', /must be a duration/],
  ['1s 1s', /must be a duration/],
  ['1h 30', /must be a duration/],
  ['1h-30s', /must be a duration/],
  ['+5s', /must be a duration/],
  ['.5s', /must be a duration/],
  ['Infinity', /must be a duration/],
  ['NaN', /must be a duration/],
  ['٣s', /must be a duration/],
  ['366d', /at most 365d/],
  ['9'.repeat(400), /at most 365d/],
]

for (const [text, message] of rejected) {
  test(`"${text.slice(0, 20)}" is rejected`, () =>
    assert.throws(() => parseDuration(text), { name: 'RangeError', message }))
}

test('units add up', () => {
  const part = fc.nat({ max: 50 })
  fc.assert(
    fc.property(part, part, part, part, part, (d, h, m, s, ms) => {
      const total = (((d * 24 + h) * 60 + m) * 60 + s) * 1000 + ms
      assert.equal(parseDuration(`${d}d ${h}h${m}m ${s}s${ms}ms`), total)
    }),
  )
})

test('any text is either a duration or a RangeError', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      try {
        assert.ok(parseDuration(text) >= 0)
      } catch (error) {
        assert.ok(error instanceof RangeError)
      }
    }),
  )
})

test('an interval of one millisecond is the shortest, as it was in 2022', () => {
  assert.equal(parseInterval('1'), 1)
  for (const text of ['0', '0s', '0.4ms']) {
    assert.throws(() => parseInterval(text), /must be at least 1ms/)
  }
})
