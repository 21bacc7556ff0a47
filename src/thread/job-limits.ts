// How long a job in a thread may take: it is told to stop, and given up where it does not, as a
// thread that hangs in a system call looks at no flag.
import type { Clock, Timer } from '../base/clock.js'
import { SyncError } from '../base/errors.js'
import type { StopFlag } from './stop.js'

/** How long one job may take. */
export interface JobLimits {
  clock: Pick<Clock, 'schedule'>
  /** How long before it is told to stop, in milliseconds. */
  limitMs: number
  /** How long it may take to stop, in milliseconds. */
  graceMs: number
}

/**
 * Runs `work` with a flag that is set when `signal` aborts, or after the limit; and with a signal
 * that aborts, with `volume-hangs`, when the work goes on after its grace. Where the limit has
 * passed, `sync-timeout` is thrown, whatever the stopped work throws.
 */
export async function withinLimits<T>(
  { clock, limitMs, graceMs }: JobLimits,
  signal: AbortSignal | undefined,
  work: (stop: StopFlag, giveUp: AbortSignal) => Promise<T>,
): Promise<T> {
  const stop = new Int32Array(new SharedArrayBuffer(4))
  const giveUp = new AbortController()
  let isLate = false
  let grace: Timer | undefined
  const onStop = () => {
    Atomics.store(stop, 0, 1)
    grace ??= clock.schedule(graceMs, () => giveUp.abort(hangs(graceMs)))
  }
  const limit = clock.schedule(limitMs, () => {
    isLate = true
    onStop()
  })
  if (signal?.aborted) onStop()
  signal?.addEventListener('abort', onStop)
  try {
    return await work(stop, giveUp.signal)
  } catch (error) {
    if (isLate && !giveUp.signal.aborted) throw timedOut(limitMs)
    throw error
  } finally {
    signal?.removeEventListener('abort', onStop)
    limit.cancel()
    grace?.cancel()
  }
}

function timedOut(limitMs: number): SyncError {
  return new SyncError(
    'sync-timeout',
    `Work on the volume was not done after ${limitMs / 1000} s: raise SYNC_TIMEOUT if there is much to do, or look whether the volume is slow`,
  )
}

/** What is said of work that goes on after its grace. */
export function hangs(graceMs: number): SyncError {
  return new SyncError(
    'volume-hangs',
    `Work went on for ${graceMs / 1000} s after it was told to stop, and was given up: a call of the file system does not return`,
  )
}
