// Waits for a peer as long as it may be silent, and as long as the work is wanted.
import type { Clock } from '../../base/clock.js'
import type { SyncError } from '../../base/errors.js'

export interface IdleLimitOptions {
  clock: Clock
  /** How long the peer may be silent, in milliseconds. */
  limitMs: number
  /** Ends the work. */
  signal: AbortSignal
  /** What the work ends with where the peer is silent for longer. */
  silence: () => SyncError
}

export class IdleLimit {
  readonly #options: IdleLimitOptions
  readonly #controller = new AbortController()
  readonly #onAbort = () => this.#controller.abort(this.#options.signal.reason)
  #isLost = false

  constructor(options: IdleLimitOptions) {
    this.#options = options
    if (options.signal.aborted) this.#onAbort()
    options.signal.addEventListener('abort', this.#onAbort, { once: true })
  }

  /** Aborts when the peer was silent for too long, or the work is ended. */
  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** Whether the peer was silent for too long. */
  get isLost(): boolean {
    return this.#isLost
  }

  /** Waits for `work`, which must reject with the reason of the signal that it is given. */
  async during<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { clock, limitMs, silence } = this.#options
    const timer = clock.schedule(limitMs, () => {
      this.#isLost = true
      this.#controller.abort(silence())
    })
    try {
      return await work(this.#controller.signal)
    } finally {
      timer.cancel()
    }
  }

  /** Must be called in the end. */
  end(): void {
    this.#options.signal.removeEventListener('abort', this.#onAbort)
  }
}
