// A clock that stands still until a test advances it. Callbacks run in time
// order (first scheduled first where two are due at once), and promises settle
// before each next one.
import type { Clock, Timer } from '../../src/base/clock.js'

interface PendingTimer {
  dueMs: number
  callback: () => void
}

/** A {@link Clock} moved by hand with {@link FakeClock.advance}. */
export class FakeClock implements Clock {
  #nowMs: number
  #wallOffsetMs = 0
  readonly #timers = new Set<PendingTimer>()

  constructor(startMs = Date.UTC(2024, 0, 1)) {
    this.#nowMs = startMs
  }

  now(): number {
    return this.#nowMs
  }

  wallTime(at = this.now()): number {
    return at + this.#wallOffsetMs
  }

  /** Sets the time of day forward, or back where `byMs` is negative. */
  setWall(byMs: number): void {
    this.#wallOffsetMs += byMs
  }

  schedule(delayMs: number, callback: () => void): Timer {
    const timer = { dueMs: this.#nowMs + Math.max(0, delayMs), callback }
    this.#timers.add(timer)
    return { cancel: () => this.#timers.delete(timer) }
  }

  /** How many timers wait; a test can assert that none was left behind. */
  get pendingTimers(): number {
    return this.#timers.size
  }

  /** Milliseconds until the next callback, or undefined where none waits. */
  get nextDelayMs(): number | undefined {
    const next = this.#nextTimer()
    return next && next.dueMs - this.#nowMs
  }

  /** Moves time on by `ms`, running what falls due on the way, also what callbacks add. */
  async advance(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms
    await settle()
    for (let next = this.#nextTimer(); next && next.dueMs <= endMs; next = this.#nextTimer()) {
      this.#timers.delete(next)
      this.#nowMs = Math.max(this.#nowMs, next.dueMs)
      next.callback()
      await settle()
    }
    this.#nowMs = endMs
  }

  #nextTimer(): PendingTimer | undefined {
    let next: PendingTimer | undefined
    for (const timer of this.#timers) if (!next || timer.dueMs < next.dueMs) next = timer
    return next
  }
}

/** Waits until every promise that can settle without I/O or a timer has settled. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
