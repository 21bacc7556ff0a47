// When to look at a remote again after a failure.
import type { SyncError } from '../base/errors.js'
import { backoffMs } from './backoff.js'
import { type Cadence, spread } from './cadence.js'

const RETRY_BASE_MS = 1000
/** However long the interval, a failure that time may mend is looked at this often at least. */
const LONGEST_RETRY_MS = 5 * 60_000
/** However short the interval, back-off grows to this, also where the interval is waited for. */
const SHORTEST_CAP_MS = 60_000

/** Milliseconds until the next attempt after failure number `attempt` in a row. */
export function retryDelayMs(
  error: SyncError,
  attempt: number,
  intervalMs: number,
  cadence: Cadence,
): number {
  const backoff = { baseMs: RETRY_BASE_MS, random: cadence.random }
  if (cadence.retryMs) return cadence.retryMs()
  switch (error.disposition) {
    case 'stall':
    case 'wait':
      return Math.round(
        Math.max(
          intervalMs * spread(cadence),
          backoffMs(attempt, { ...backoff, capMs: SHORTEST_CAP_MS }),
          error.retryAfterMs ?? 0,
        ),
      )
    case 'retry':
      return backoffMs(attempt, {
        ...backoff,
        capMs: Math.max(SHORTEST_CAP_MS, Math.min(intervalMs, LONGEST_RETRY_MS)),
        floorMs: error.retryAfterMs,
      })
  }
}
