import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FakeClock } from './fake-clock.js'

test('callbacks run in time order, the first scheduled first where two are due at once', async () => {
  const clock = new FakeClock(1_000)
  const calls: string[] = []
  clock.schedule(20, () => calls.push(`c@${clock.now()}`))
  clock.schedule(10, () => calls.push(`a@${clock.now()}`))
  clock.schedule(10, () => calls.push(`b@${clock.now()}`))
  clock.schedule(31, () => calls.push('late'))
  await clock.advance(30)
  assert.deepEqual(calls, ['a@1010', 'b@1010', 'c@1020'])
  assert.equal(clock.now(), 1_030)
  assert.equal(clock.nextDelayMs, 1)
})

test('promises settle between callbacks, and what they schedule runs when due', async () => {
  const clock = new FakeClock(0)
  const calls: string[] = []
  clock.schedule(10, () => {
    void Promise.resolve().then(() => {
      calls.push('promise')
      clock.schedule(5, () => calls.push(`nested@${clock.now()}`))
    })
  })
  clock.schedule(20, () => calls.push('last'))
  await clock.advance(20)
  assert.deepEqual(calls, ['promise', 'nested@15', 'last'])
})

test('a cancelled timer does not run, and a cancel afterwards does no harm', async () => {
  const clock = new FakeClock()
  let calls = 0
  const timer = clock.schedule(1, () => calls++)
  clock.schedule(0, () => timer.cancel())
  await clock.advance(5)
  timer.cancel()
  assert.equal(calls, 0)
  assert.equal(clock.pendingTimers, 0)
  assert.equal(clock.nextDelayMs, undefined)
})
