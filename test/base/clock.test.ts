import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../../src/base/clock.js'

const HOUR_MS = 3_600_000

test('whoever sets the time of day, what is scheduled goes on', (t) => {
  const [now, wallTime] = [systemClock.now(), systemClock.wallTime()]
  for (const byMs of [-HOUR_MS, HOUR_MS]) {
    const dateNow = t.mock.method(Date, 'now', () => wallTime + byMs)
    assert.ok(Math.abs(systemClock.now() - now) < HOUR_MS / 2)
    assert.ok(Math.abs(systemClock.wallTime() - wallTime - byMs) < HOUR_MS / 2)
    dateNow.mock.restore()
  }
})

test('the time of day of a moment is as far from now as the moment is', () => {
  const wallTime = systemClock.wallTime(systemClock.now() + HOUR_MS)
  assert.ok(Math.abs(wallTime - Date.now() - HOUR_MS) < HOUR_MS / 2)
})

test('both count in whole milliseconds', () => {
  assert.ok(Number.isInteger(systemClock.now()))
  assert.ok(Number.isInteger(systemClock.wallTime()))
})
