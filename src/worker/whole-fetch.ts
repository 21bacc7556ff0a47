// Which failures of a fetch that took something for granted a fetch of everything may mend.
import { type ErrorCode, SyncError } from '../base/errors.js'

const CODES: readonly ErrorCode[] = [
  'base-missing',
  'pack-corrupt',
  'pack-incomplete',
  'protocol-error',
  'remote-error',
]

/** Whether everything is to be fetched of the repository whose fetch failed: of no other one. */
export function needsWholeFetch(
  error: unknown,
  more: readonly ErrorCode[] = [],
): error is SyncError {
  return (
    error instanceof SyncError &&
    error.dependency === undefined &&
    (CODES.includes(error.code) || more.includes(error.code))
  )
}
