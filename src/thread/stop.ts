// How a thread that is busy is told to give up: it hears no message, but can look at a flag.
import { SyncError } from '../base/errors.js'

/** Not zero once the work is to be given up; in memory that threads share. */
export type StopFlag = Int32Array

/** Whether the work is to be given up. */
export function isStopped(stop: StopFlag): boolean {
  return Atomics.load(stop, 0) !== 0
}

/** What work ends with that was stopped, whether it had begun or waited for a thread. */
export function stopped(reason?: unknown): SyncError {
  if (reason instanceof SyncError) return reason
  return new SyncError('aborted', 'The work was stopped; what was published stays as it is')
}
