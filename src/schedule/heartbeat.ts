// Shows that timers still fire and the event loop still turns.
import type { Clock, Timer } from '../base/clock.js'

const BEAT_MS = 1000

export class Heartbeat {
  readonly #clock: Clock
  #beatAt: number
  #timer: Timer | undefined

  constructor(clock: Clock) {
    this.#clock = clock
    this.#beatAt = clock.now()
    this.#beat()
  }

  /** Milliseconds since the last beat. */
  get ageMs(): number {
    return this.#clock.now() - this.#beatAt
  }

  stop(): void {
    this.#timer?.cancel()
  }

  #beat(): void {
    this.#beatAt = this.#clock.now()
    this.#timer = this.#clock.schedule(BEAT_MS, () => this.#beat())
  }
}
