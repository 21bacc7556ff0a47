import assert from 'node:assert/strict'
import { test } from 'node:test'
import { retryAfterMs } from '../../src/base/retry-after.js'

const NOW = Date.parse('2026-01-01T00:00:00Z')
const DAY_MS = 86_400_000

test('seconds, dates and resets of rate limits are understood', () => {
  assert.equal(retryAfterMs({ 'retry-after': '120' }, NOW), 120_000)
  assert.equal(retryAfterMs({ 'retry-after': 'Thu, 01 Jan 2026 00:01:00 GMT' }, NOW), 60_000)
  const reset = { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(NOW / 1000 + 5) }
  assert.equal(retryAfterMs(reset, NOW), 5000)
  assert.equal(retryAfterMs({}, NOW), undefined)
})

test('no server is left alone for longer than a day', () => {
  for (const headers of [
    { 'retry-after': '99999999999999' },
    { 'retry-after': 'Thu, 01 Jan 2099 00:00:00 GMT' },
    { 'ratelimit-remaining': '0', 'ratelimit-reset': '1e300' },
  ]) {
    assert.equal(retryAfterMs(headers, NOW), DAY_MS)
  }
})
