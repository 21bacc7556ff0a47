// A damaged pack, as the one error that every decoder of packs throws.
import { SyncError } from '../base/errors.js'

/** A `pack-corrupt`, said in one sentence that starts with the pack. */
export function corrupt(what: string, cause?: unknown): SyncError {
  return new SyncError('pack-corrupt', `The received pack ${what}; it is fetched again later`, {
    cause,
  })
}
