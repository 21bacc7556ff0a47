// When to look at a remote again after a success.

export interface Cadence {
  /** The share by which each interval may be shortened, from 0 to 1. */
  jitter: number
  /** Returns a number from 0 up to, not including, 1. */
  random: () => number
  /**
   * Milliseconds from the end of a failure to the next attempt, whatever failed, in place of a back-off;
   * nothing stalls then. What succeeded is followed by a whole interval from its end on, too.
   * @default a back-off
   */
  retryMs?: (() => number) | undefined
}

/** A factor for the intervals of all entries that were polled together, so that they stay together. */
export function spread({ jitter, random }: Cadence): number {
  return 1 - jitter * random()
}
