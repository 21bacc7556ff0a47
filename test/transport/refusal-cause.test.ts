import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ErrorCode, SyncError } from '../../src/base/errors.js'
import { withRefusalCause } from '../../src/transport/refusal-cause.js'
import { failsWith } from '../helpers/fails-with.js'

const { signal } = new AbortController()

function failing(code: ErrorCode, cause: SyncError | undefined) {
  const fail = async () => {
    throw new SyncError(code, 'It was refused.')
  }
  return withRefusalCause({ advertise: fail, exchange: fail }, async () => cause)
}

test('a refusal is told as what it comes of, any other failure as itself', async () => {
  const cause = new SyncError('credentials-invalid', 'The file is broken.')
  const refused = failing('authentication-required', cause)
  for (const asked of [
    refused.advertise(signal),
    refused.exchange(Buffer.alloc(0), 2, signal),
    failing('host-key-unknown', cause).advertise(signal),
  ]) {
    await assert.rejects(asked, failsWith('credentials-invalid', /broken/))
  }
  const down = failing('connection-refused', cause)
  await assert.rejects(down.advertise(signal), failsWith('connection-refused'))
  const sound = failing('access-denied', undefined)
  await assert.rejects(sound.advertise(signal), failsWith('access-denied'))
})
