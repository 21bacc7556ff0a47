// A limit to how long a piece of work may take.
import type { Clock } from '../base/clock.js'
import { SyncError } from '../base/errors.js'

/**
 * Runs `work` with a signal that aborts when `signal` does, or after `limitMs` with the error
 * `sync-timeout` as its reason. Whatever an aborted work throws, the reason is thrown instead.
 */
export async function withTimeLimit<T>(
  limitMs: number,
  clock: Clock,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const timeout = new AbortController()
  const timer = clock.schedule(limitMs, () => timeout.abort(timedOut(limitMs)))
  const limited = AbortSignal.any([signal, timeout.signal])
  try {
    return await work(limited)
  } catch (error) {
    if (limited.aborted && limited.reason instanceof SyncError) throw limited.reason
    throw error
  } finally {
    timer.cancel()
  }
}

function timedOut(limitMs: number): SyncError {
  return new SyncError(
    'sync-timeout',
    `Not done after ${limitMs / 1000} s: raise SYNC_TIMEOUT if the repository is large or the network slow`,
  )
}
