// The one source of time, passed in so that tests can hold it still. What is scheduled
// goes by a clock that nobody sets; the time of day is for what is shown.

/** A cancellable timer, as {@link Clock.schedule} returns it. */
export interface Timer {
  cancel(): void
}

export interface Clock {
  /** Milliseconds on a clock that starts anywhere, and only ever goes forward. */
  now(): number
  /** Milliseconds since the Unix epoch at the moment `at` of {@link Clock.now}; by default, now. */
  wallTime(at?: number): number
  /** Calls `callback` once after `delayMs`. */
  schedule(delayMs: number, callback: () => void): Timer
}

/** The largest delay a Node timer takes, in milliseconds. */
const MAX_DELAY_MS = 2 ** 31 - 1

/** The machine's own clock; its timers do not keep the process alive. */
export const systemClock: Clock = {
  // Whole milliseconds, as timers have them.
  now: () => Math.floor(performance.now()),
  wallTime: (at = systemClock.now()) => Date.now() + at - systemClock.now(),
  schedule(delayMs, callback) {
    const timer = setTimeout(callback, Math.min(Math.max(0, delayMs), MAX_DELAY_MS))
    timer.unref()
    return { cancel: () => clearTimeout(timer) }
  },
}
