// The one source of time, passed in so that tests can hold it still.

/** A cancellable timer, as {@link Clock.schedule} returns it. */
export interface Timer {
  cancel(): void
}

export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number
  /** Calls `callback` once after `delayMs`. */
  schedule(delayMs: number, callback: () => void): Timer
}

/** The largest delay a Node timer takes, in milliseconds. */
const MAX_DELAY_MS = 2 ** 31 - 1

/** The machine's own clock; its timers do not keep the process alive. */
export const systemClock: Clock = {
  now: () => Date.now(),
  schedule(delayMs, callback) {
    const timer = setTimeout(callback, Math.min(Math.max(0, delayMs), MAX_DELAY_MS))
    timer.unref()
    return { cancel: () => clearTimeout(timer) }
  },
}
