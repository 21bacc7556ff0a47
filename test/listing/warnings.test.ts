import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatFault } from '../../src/listing/listing-error.js'
import { findWarnings } from '../../src/listing/warnings.js'
import { parse, REPO } from './listing-harness.js'

test('an interval below a second is told, with what is probably meant', () => {
  const intervals = [60, '500ms', '1s', 1000, '60s', undefined]
  const entries = parse(
    intervals.map((interval, index) => ({ path: `p${index}`, repo: REPO, interval })),
  )
  assert.deepEqual(findWarnings(entries, { intervalMs: 60_000 }).map(formatFault), [
    '/0/interval: is 60 ms, which asks the remote many times a second: if 60 seconds are meant, write "60s"',
    '/1/interval: is 500 ms, which asks the remote many times a second: if 500 seconds are meant, write "500s"',
  ])
  assert.deepEqual(findWarnings([], { intervalMs: 30 }).map(formatFault), [
    'SCRAPE_INTERVAL is 30 ms, which asks the remote many times a second: if 30 seconds are meant, write "30s"',
  ])
})
