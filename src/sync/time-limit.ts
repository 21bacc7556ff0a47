// A limit to how long a piece of work may take. It is aborted then; where it does not end even so,
// as a call of the file system may never return, it is given up.
import type { Clock, Timer } from '../base/clock.js'
import { SyncError } from '../base/errors.js'
import { hangs } from '../thread/job-limits.js'

/** How long aborted work may take to end, in milliseconds: longer than a thread may. */
const GRACE_MS = 20_000

/**
 * Runs `work` with a signal that aborts when `signal` does, or after `limitMs` with the error
 * `sync-timeout` as its reason. Whatever an aborted work throws, the reason is thrown instead, but
 * for `volume-hangs`, which is also thrown where the work does not end.
 */
export async function withTimeLimit<T>(
  limitMs: number,
  clock: Clock,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const timeout = new AbortController()
  const timers: Timer[] = [clock.schedule(limitMs, () => timeout.abort(timedOut(limitMs)))]
  const limited = AbortSignal.any([signal, timeout.signal])
  let giveUp: (reason: SyncError) => void = () => undefined
  const givenUp = new Promise<never>((_resolve, reject) => {
    giveUp = reject
  })
  const onAbort = () => timers.push(clock.schedule(GRACE_MS, () => giveUp(hangs(GRACE_MS))))
  limited.addEventListener('abort', onAbort)
  try {
    return await Promise.race([work(limited), givenUp])
  } catch (error) {
    if (error instanceof SyncError && error.code === 'volume-hangs') throw error
    if (limited.aborted && limited.reason instanceof SyncError) throw limited.reason
    throw error
  } finally {
    // What is aborted later is other work.
    limited.removeEventListener('abort', onAbort)
    for (const timer of timers) timer.cancel()
  }
}

function timedOut(limitMs: number): SyncError {
  return new SyncError(
    'sync-timeout',
    `Not done after ${limitMs / 1000} s: raise SYNC_TIMEOUT if the repository is large or the network slow`,
  )
}
