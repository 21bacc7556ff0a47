import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Doubt } from '../../src/schedule/doubt.js'

test('there is none before the first failure, and none without one', () => {
  const doubt = new Doubt()
  assert.equal(doubt.isRaised(-1e9), false)
  doubt.succeeded(0)
  assert.equal(doubt.isRaised(0), false)
})

test('it lasts until a minute after the first success', () => {
  const doubt = new Doubt()
  doubt.failed()
  assert.equal(doubt.isRaised(1e12), true)
  doubt.succeeded(1000)
  doubt.succeeded(50_000)
  assert.deepEqual([doubt.isRaised(60_999), doubt.isRaised(61_000)], [true, false])
  doubt.failed()
  assert.equal(doubt.isRaised(1e12), true)
})
