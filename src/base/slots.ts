// A bounded number of places, given out in the order in which they were asked for.

export class Slots {
  #limit: number
  #taken = 0
  #closed: { reason: unknown } | undefined
  readonly #waiting: Waiting[] = []

  constructor(limit: number) {
    this.#limit = limit
  }

  get taken(): number {
    return this.#taken
  }

  /** Resolves once a place is taken. Rejects with the signal's reason where it aborts before. */
  async take(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted()
    if (this.#closed) throw this.#closed.reason
    if (this.#taken < this.#limit) this.#taken++
    else await this.#wait(signal)
  }

  /** Gives a place back. */
  free(): void {
    this.#taken--
    while (this.#taken < this.#limit) {
      const next = this.#waiting.shift()
      if (!next) return
      this.#taken++
      next.resolve()
    }
  }

  /** There are no more places than are taken, without one of them that was not to be had. */
  shrink(): void {
    this.#limit = Math.max(1, this.#taken - 1)
  }

  /** Whoever waits, or asks later, is rejected with `reason`. */
  close(reason: unknown): void {
    this.#closed ??= { reason }
    for (const { reject } of this.#waiting.splice(0)) reject(reason)
  }

  async #wait(signal: AbortSignal | undefined): Promise<void> {
    const { promise, ...waiting } = withResolvers()
    const onAbort = () => {
      const index = this.#waiting.indexOf(waiting)
      if (index >= 0) this.#waiting.splice(index, 1)
      waiting.reject(signal?.reason)
    }
    this.#waiting.push(waiting)
    signal?.addEventListener('abort', onAbort, { once: true })
    try {
      await promise
    } finally {
      signal?.removeEventListener('abort', onAbort)
    }
  }
}

interface Waiting {
  resolve: () => void
  reject: (reason: unknown) => void
}

function withResolvers(): Waiting & { promise: Promise<void> } {
  let waiting: Waiting = { resolve: () => {}, reject: () => {} }
  const promise = new Promise<void>((resolve, reject) => {
    waiting = { resolve, reject }
  })
  return { promise, ...waiting }
}
