// The bound to a remote's list of refs, all of which is held in memory.
import { formatBytes } from '../base/bytes.js'
import { SyncError } from '../base/errors.js'

/** What every ref counts beside its text, in bytes, so that empty lines cannot come for ever. */
export const REF_BYTES = 32

/** A list that takes more than `maxBytes`. */
export function refsTooLarge(maxBytes: number): SyncError {
  return new SyncError(
    'refs-too-large',
    `The remote's list of refs is larger than MAX_REFS_BYTES (${formatBytes(maxBytes)}): raise the setting if it is meant to have so many`,
  )
}
