// Why work was stopped before its end.
import { SyncError } from './errors.js'

/** The reason of an aborted signal as a SyncError: its own, or `sync-timeout` or `aborted`. */
export function toAbortError(reason: unknown): SyncError {
  if (reason instanceof SyncError) return reason
  const isTimeout = reason instanceof Error && reason.name === 'TimeoutError'
  return isTimeout
    ? new SyncError(
        'sync-timeout',
        'The sync took longer than SYNC_TIMEOUT and was stopped: raise it if the repository is large or the network slow',
        { cause: reason },
      )
    : new SyncError('aborted', 'The request was stopped before it was answered', { cause: reason })
}
