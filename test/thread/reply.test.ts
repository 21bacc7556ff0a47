import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SyncError } from '../../src/base/errors.js'
import { reply, unwrap } from '../../src/thread/reply.js'
import { failsWith } from '../helpers/fails-with.js'

/** What the main thread gets of what a worker does. */
async function cross<T>(work: () => T | Promise<T>): Promise<T> {
  return unwrap(structuredClone(await reply(work)))
}

async function errorOf(work: () => unknown): Promise<SyncError> {
  const error = await cross(work).catch((reason: unknown) => reason)
  assert.ok(error instanceof SyncError)
  return error
}

test('a value crosses, also one that comes later, and none', async () => {
  assert.deepEqual(await cross(() => ({ commit: 'x' })), { commit: 'x' })
  assert.equal(await cross(async () => 7), 7)
  assert.equal(await cross(() => undefined), undefined)
})

test('an error keeps its class, its code, its message and what follows it', async () => {
  const error = await errorOf(() => {
    throw new SyncError('unsafe-tree', 'The tree has the name "..".')
  })
  failsWith('unsafe-tree', /^The tree has the name "\.\."\.$/)(error)
  assert.deepEqual([error.disposition, error.cause], ['stall', undefined])
})

test('an error keeps whose it is, and how long to wait', async () => {
  const options = { retryAfterMs: 5, dependency: { submodule: 'm/x', lfsHost: 'host' } }
  const error = await errorOf(() => {
    throw new SyncError('rate-limited', 'Too many.', options)
  })
  const { dependency, retryAfterMs } = error
  assert.deepEqual({ dependency, retryAfterMs }, options)
})

test('what rejects is told like what throws', async () => {
  const error = await errorOf(() => Promise.reject(new SyncError('pack-corrupt', 'It is damaged.')))
  assert.equal(error.code, 'pack-corrupt')
})

test('any other error is internal, and its stack comes along as the cause', async () => {
  function faulty(): never {
    throw new RangeError('out of bounds')
  }
  const error = await errorOf(faulty)
  assert.deepEqual([error.code, error.message], ['internal', 'out of bounds'])
  assert.ok(error.cause instanceof Error)
  assert.match(error.cause.message, /RangeError: out of bounds\n +at faulty/)
})

test('an error that was expected leaves its cause behind, with the stack', async () => {
  const cause = new Error('EIO: i/o error')
  const error = await errorOf(() => {
    throw new SyncError('volume-failed', 'The volume failed.', { cause })
  })
  assert.deepEqual([error.code, error.cause], ['volume-failed', undefined])
})

test('what was thrown may be anything', async () => {
  const error = await errorOf(() => Promise.reject('just text'))
  assert.deepEqual([error.code, error.message, error.cause], ['internal', 'just text', undefined])
})
