// What follows a failure: it becomes a part of the entry's state, decides when the entry
// is polled again, and is reported.
import type { SyncError } from '../base/errors.js'
import type { EntryState } from './entry-state.js'
import type { Observe } from './events.js'
import type { Desired } from './resolve-revision.js'

export interface FailedAttempt {
  error: SyncError
  /** When it ended, as the clock's `now()`. */
  at: number
  durationMs: number
  /** Milliseconds until the next attempt; undefined where only a change helps. */
  retryInMs: number | undefined
  /** In how many milliseconds it may be a part of another entry's poll; undefined: it may not. */
  joinsInMs?: number
}

/** A look at the remote, or at what is in place, failed. */
export function failPoll(state: EntryState, failed: FailedAttempt, observe: Observe): void {
  const { at, joinsInMs, ...failure } = failed
  state.failed(failed.error)
  state.pollAt(nextAttemptAt(failed), joinsInMs === undefined ? undefined : at + joinsInMs)
  observe({ type: 'poll-failed', ...state.labels, ...failure, attempt: state.failures })
}

/** What the remote names could not be fetched, or not be published. */
export function failSync(
  state: EntryState,
  desired: Desired,
  failed: FailedAttempt,
  observe: Observe,
): void {
  const { at, ...failure } = failed
  state.failed(failed.error)
  // Polls go on after a stall: the remote may name another revision.
  if (failed.error.disposition === 'stall') state.stall(desired, failed.error)
  else state.pollAt(nextAttemptAt(failed))
  const oid = desired.commit
  observe({ type: 'sync-failed', ...state.labels, oid, ...failure, attempt: state.failures })
}

function nextAttemptAt({ at, retryInMs }: FailedAttempt): number | undefined {
  return retryInMs === undefined ? undefined : at + retryInMs
}
