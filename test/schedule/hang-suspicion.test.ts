import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HangSuspicion } from '../../src/schedule/hang-suspicion.js'

test('there is none before the first failure, and none without one', () => {
  const suspicion = new HangSuspicion()
  assert.equal(suspicion.isRaised(-1e9), false)
  suspicion.succeeded(0)
  assert.equal(suspicion.isRaised(0), false)
})

test('it lasts until a minute after the first success', () => {
  const suspicion = new HangSuspicion()
  suspicion.failed()
  assert.equal(suspicion.isRaised(1e12), true)
  suspicion.succeeded(1000)
  suspicion.succeeded(50_000)
  assert.deepEqual([suspicion.isRaised(60_999), suspicion.isRaised(61_000)], [true, false])
  suspicion.failed()
  assert.equal(suspicion.isRaised(1e12), true)
})
