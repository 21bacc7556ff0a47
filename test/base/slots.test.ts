import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Slots } from '../../src/base/slots.js'

/** Asks for `count` places, and tells who got one, in their order. */
function ask(slots: Slots, count: number): number[] {
  const got: number[] = []
  for (let index = 0; index < count; index++) void slots.take().then(() => got.push(index))
  return got
}

const settled = () => new Promise((resolve) => setImmediate(resolve))

test('places are given out in order, and never too many', async () => {
  const slots = new Slots(2)
  const got = ask(slots, 4)
  await settled()
  assert.deepEqual(got, [0, 1])
  slots.free()
  await settled()
  assert.deepEqual(got, [0, 1, 2])
  assert.equal(slots.taken, 2)
})

test('who gives up gets none, and keeps nobody from one', async () => {
  const slots = new Slots(1)
  await slots.take()
  const impatience = new AbortController()
  const given = assert.rejects(slots.take(impatience.signal), /no longer/)
  const got = ask(slots, 1)
  impatience.abort(new Error('no longer'))
  await given
  slots.free()
  await settled()
  assert.deepEqual(got, [0])
  await assert.rejects(slots.take(AbortSignal.abort(new Error('before'))), /before/)
})

test('a place that was not to be had makes fewer places', async () => {
  const slots = new Slots(5)
  const got = ask(slots, 5)
  await settled()
  assert.equal(got.length, 5)
  slots.shrink()
  slots.free()
  const more = ask(slots, 1)
  await settled()
  assert.deepEqual([slots.taken, more], [4, []])
  slots.free()
  await settled()
  assert.deepEqual([slots.taken, more], [4, [0]])
})

test('after the end there are none, and nobody waits', async () => {
  const slots = new Slots(1)
  await slots.take()
  const waiting = assert.rejects(slots.take(), /ended/)
  slots.close(new Error('ended'))
  await waiting
  await assert.rejects(slots.take(), /ended/)
})
