// How long to wait after a failure: capped exponential back-off with jitter.
// https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/

export interface BackoffOptions {
  /** The longest wait after the first failure, doubled by each further one. */
  baseMs: number
  /** The longest wait of all, unless `floorMs` is longer. */
  capMs: number
  /** The shortest wait, as a remote's Retry-After asks for it. @default 0 */
  floorMs?: number | undefined
  /** Returns a number from 0 up to, not including, 1. */
  random: () => number
}

/**
 * Milliseconds to wait after failure number `attempt` (1 for the first in a row), spread evenly
 * between a shortest and a longest wait. The shortest is half of `baseMs`, so that no failure is
 * repeated at once, or `floorMs`; many waits of one floor still end at different times.
 */
export function backoffMs(attempt: number, options: BackoffOptions): number {
  const { baseMs, capMs, floorMs = 0, random } = options
  const doublings = Math.min(Math.max(1, attempt) - 1, 50)
  const ceilingMs = Math.min(capMs, baseMs * 2 ** doublings)
  const shortestMs = Math.max(floorMs, Math.min(baseMs, capMs) / 2)
  const longestMs = Math.max(ceilingMs, shortestMs + baseMs / 2)
  return Math.round(shortestMs + random() * (longestMs - shortestMs))
}
