// What a volume refuses of work that consists of many things, none of which is to keep another from being
// done: it is told once all are tried.
import { SyncError } from '../../base/errors.js'

export class Refusals {
  readonly #errors: unknown[] = []

  /** Does one of the things; undefined where the volume refuses it. Throws what ends all of the work. */
  collect<T>(work: () => T): T | undefined {
    try {
      return work()
    } catch (error) {
      if (error instanceof SyncError) throw error
      this.#errors.push(error)
      return undefined
    }
  }

  /** Throws what was refused first. */
  throwFirst(): void {
    if (this.#errors.length > 0) throw this.#errors[0]
  }
}
