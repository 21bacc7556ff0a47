// What the tests of credentials expect of an error.
import assert from 'node:assert/strict'
import { SyncError } from '../../src/base/errors.js'

/** Whether an error is `credentials-invalid`, has these words, and shows nothing of `s3cret`. */
export function isInvalid(words: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof SyncError, String(error))
    assert.equal(error.code, 'credentials-invalid')
    assert.match(error.message, words)
    assert.doesNotMatch(`${error.message} ${error.cause}`, /s3cret/)
    return true
  }
}
