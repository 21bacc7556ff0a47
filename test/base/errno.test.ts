import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { inflateSync } from 'node:zlib'
import { codeOf, errnoOf } from '../../src/base/errno.js'
import { SyncError } from '../../src/base/errors.js'

test('tells the errors of the system from those of Node and our own', () => {
  const missing = errorOf(() => readFileSync('/none/such'))
  assert.deepEqual([codeOf(missing), errnoOf(missing)], ['ENOENT', 'ENOENT'])
  const damaged = errorOf(() => inflateSync(Buffer.from('x')))
  assert.deepEqual([codeOf(damaged), errnoOf(damaged)], ['Z_BUF_ERROR', ''])
  const ours = new SyncError('aborted', 'enough')
  assert.deepEqual([codeOf(ours), errnoOf(ours)], ['aborted', ''])
})

test('finds no code in what has none, or a number', () => {
  // Its code is 20.
  const aborted = new DOMException('stopped', 'AbortError')
  for (const error of [aborted, new TypeError('x'), 'ENOENT', { code: 'ENOENT' }, undefined]) {
    assert.deepEqual([codeOf(error), errnoOf(error)], ['', ''])
  }
})

function errorOf(work: () => unknown): unknown {
  try {
    work()
  } catch (error) {
    return error
  }
  return assert.fail('nothing was thrown')
}
