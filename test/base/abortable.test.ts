import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { test } from 'node:test'
import { abortable } from '../../src/base/abortable.js'

test('one gives up waiting, before or after it began, and the others go on', async () => {
  let answer = (_: string) => {}
  const promise = new Promise<string>((resolve) => (answer = resolve))
  const stop = new AbortController()
  const waiting = [abortable(promise, stop.signal), abortable(promise, undefined)] as const
  stop.abort(new Error('enough'))
  await assert.rejects(waiting[0], /enough/)
  await assert.rejects(abortable(promise, stop.signal), /enough/)
  answer('here')
  assert.equal(await waiting[1], 'here')
})

test('what comes of the promise passes through, and nobody listens any more', async () => {
  const { signal } = new AbortController()
  assert.equal(await abortable(Promise.resolve('here'), signal), 'here')
  await assert.rejects(abortable(Promise.reject(new Error('away')), signal), /away/)
  assert.deepEqual(getEventListeners(signal, 'abort'), [])
})
