// The objects of a pack that were used last, up to a number of bytes.
import type { GitObject } from '../git/object.js'

export class ObjectCache {
  readonly #objects = new Map<number, GitObject>()
  readonly #maxBytes: number
  #bytes = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** The object of an entry, which becomes the one used last. */
  get(entry: number): GitObject | undefined {
    const object = this.#objects.get(entry)
    if (object) {
      this.#objects.delete(entry)
      this.#objects.set(entry, object)
    }
    return object
  }

  set(entry: number, object: GitObject): void {
    if (object.body.length > this.#maxBytes / 2) return
    this.#objects.set(entry, object)
    this.#bytes += object.body.length
    for (const [oldest, { body }] of this.#objects) {
      if (this.#bytes <= this.#maxBytes) return
      this.#objects.delete(oldest)
      this.#bytes -= body.length
    }
  }
}
