// What the deltas of a received pack build on, which was at hand before.
import { SyncError } from '../base/errors.js'
import type { StoredObject } from '../git/object.js'

/** A base that is to be at hand still. Throws `base-missing` where it is not. */
export function asBase(object: StoredObject | undefined): StoredObject {
  if (object) return object
  throw baseMissing()
}

/** That a base is another one by now, or gone. */
export function baseMissing(): SyncError {
  return new SyncError(
    'base-missing',
    'A base of the received pack is not at hand any more; everything is fetched anew',
  )
}

/** That bases are neither at hand nor in the pack, which is all there. */
export function basesMissing(deltas: number): SyncError {
  return new SyncError(
    'base-missing',
    `The received pack has ${deltas} deltas whose base is not at hand; everything is fetched anew`,
  )
}
