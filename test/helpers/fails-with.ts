// A validator for assert.throws and assert.rejects.
import assert from 'node:assert/strict'
import { type ErrorCode, SyncError } from '../../src/base/errors.js'

/** Accepts only a SyncError of this code whose message matches `words`. */
export function failsWith(code: ErrorCode, words = /./): (error: unknown) => true {
  return (error) => {
    if (!(error instanceof SyncError)) throw error
    assert.equal(error.code, code, error.message)
    assert.match(error.message, words)
    return true
  }
}
