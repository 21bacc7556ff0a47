// A place in a fake where calls wait until the test lets them go on.

export class Gate {
  #isShut = false
  readonly #waiting = new Set<() => void>()

  /** How many calls wait. */
  get waiting(): number {
    return this.#waiting.size
  }

  /** From now on, calls wait. */
  shut(): void {
    this.#isShut = true
  }

  /** Lets all calls go on, and further ones pass. */
  open(): void {
    this.#isShut = false
    for (const resolve of this.#waiting) resolve()
    this.#waiting.clear()
  }

  /** Resolves when the gate is open; rejects as soon as `signal` aborts. */
  async pass(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted()
    if (!this.#isShut) return
    await new Promise<void>((resolve, reject) => {
      this.#waiting.add(resolve)
      signal?.addEventListener('abort', () => {
        if (this.#waiting.delete(resolve)) reject(signal.reason)
      })
    })
  }
}
