// What a request ends with that was stopped.
import { SyncError } from './errors.js'

/** The reason of an aborted signal as a SyncError: its own, as a time limit has one, or `aborted`. */
export function toAbortError(reason: unknown): SyncError {
  if (reason instanceof SyncError) return reason
  return new SyncError('aborted', 'The request was stopped before it was answered', {
    cause: reason,
  })
}
