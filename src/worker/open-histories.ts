// Histories that are read in turn, as a commit may have any number of submodules: few are open at once,
// and what was closed opens again once it is asked.
import type { OpenHistory } from '../publish/repository.js'

/** Each takes a descriptor for each directory on the way to it, and two for each of its packs. */
const MAX_OPEN = 8

export class OpenHistories {
  /** The one that was asked last is the last. */
  readonly #open = new Set<OpenHistory>()

  /** The same history, open only as long as few others are asked. */
  inTurn(history: OpenHistory): OpenHistory {
    this.#asked(history)
    return {
      has: (oid) => this.#asked(history).has(oid),
      readIfAny: (oid) => this.#asked(history).readIfAny(oid),
      close: () => {
        this.#open.delete(history)
        history.close()
      },
    }
  }

  #asked(history: OpenHistory): OpenHistory {
    this.#open.delete(history)
    this.#open.add(history)
    const [first] = this.#open
    if (first && this.#open.size > MAX_OPEN) {
      this.#open.delete(first)
      first.close()
    }
    return history
  }
}
