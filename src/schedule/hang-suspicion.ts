// Whether work may hang, by how it went before: suspected from a failure on, and for a while
// after the success that follows, as what fails now and then does so again.

/** How long success must last, in milliseconds. */
const PROBATION_MS = 60_000

export class HangSuspicion {
  #until = Number.NEGATIVE_INFINITY

  failed(): void {
    this.#until = Number.POSITIVE_INFINITY
  }

  /** `now` is the clock's. */
  succeeded(now: number): void {
    if (this.#until === Number.POSITIVE_INFINITY) this.#until = now + PROBATION_MS
  }

  isRaised(now: number): boolean {
    return now < this.#until
  }
}
