import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Heartbeat } from '../../src/schedule/heartbeat.js'
import { FakeClock } from '../helpers/fake-clock.js'

/** A machine whose timers can be held up, as by a blocked event loop. */
class StuckClock extends FakeClock {
  stuckMs = 0

  override now(): number {
    return super.now() + this.stuckMs
  }
}

test('it is fresh from the start, and beats every second', async () => {
  const clock = new FakeClock()
  const heartbeat = new Heartbeat(clock)
  assert.equal(heartbeat.ageMs, 0)
  await clock.advance(999)
  assert.equal(heartbeat.ageMs, 999)
  await clock.advance(1)
  assert.equal(heartbeat.ageMs, 0)
  await clock.advance(3_600_500)
  assert.equal(heartbeat.ageMs, 500)
  assert.equal(clock.pendingTimers, 1)
  heartbeat.stop()
})

test('it ages while timers do not fire, and recovers when they do', async () => {
  const clock = new StuckClock()
  const heartbeat = new Heartbeat(clock)
  clock.stuckMs = 45_000
  assert.equal(heartbeat.ageMs, 45_000)
  await clock.advance(1000)
  assert.equal(heartbeat.ageMs, 0)
  heartbeat.stop()
})

test('stopped, it leaves no timer, and ages', async () => {
  const clock = new FakeClock()
  const heartbeat = new Heartbeat(clock)
  await clock.advance(5000)
  heartbeat.stop()
  heartbeat.stop()
  assert.equal(clock.pendingTimers, 0)
  await clock.advance(60_000)
  assert.equal(heartbeat.ageMs, 60_000)
})
