// The objects of packs that were used last, up to a number of bytes; and one that is too large to be
// among them, as the next of a chain of deltas mostly builds on the one before.
import type { GitObject } from './object.js'

/** What it takes to keep an object, beside its body: measured, of small ones. */
const OVERHEAD_BYTES = 704

/** How large an object may be that is kept alone, in sizes of the cache. */
const MOST_ALONE = 2

/** `Key` tells where an object is stored. */
export class ObjectCache<Key> {
  readonly #objects = new Map<Key, GitObject>()
  /** Goes on from one call to the next: a new one would step over all that was removed. */
  readonly #oldest = this.#objects.keys()
  readonly #maxBytes: number
  #bytes = 0
  /** The last one that would have pushed out half of the others. */
  #large: { key: Key; object: GitObject } | undefined

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** The object of an entry, which becomes the one used last. */
  get(entry: Key): GitObject | undefined {
    if (this.#large?.key === entry) return this.#large.object
    const object = this.#objects.get(entry)
    if (object) {
      this.#objects.delete(entry)
      this.#objects.set(entry, object)
    }
    return object
  }

  /**
   * Keeps an object; one that would push out half of the others is kept beside them instead, up to
   * the next such one.
   */
  set(entry: Key, object: GitObject): void {
    this.#delete(entry)
    const bytes = bytesOf(object)
    if (bytes > this.#maxBytes / 2) {
      if (bytes <= MOST_ALONE * this.#maxBytes) this.#large = { key: entry, object }
      return
    }
    this.#objects.set(entry, object)
    this.#bytes += bytes
    while (this.#bytes > this.#maxBytes) this.#delete(this.#oldest.next().value as Key)
  }

  clear(): void {
    for (const entry of this.#objects.keys()) this.#delete(entry)
    this.#large = undefined
  }

  #delete(entry: Key): void {
    const object = this.#objects.get(entry)
    if (!object) return
    this.#objects.delete(entry)
    this.#bytes -= bytesOf(object)
  }
}

function bytesOf({ body }: GitObject): number {
  return body.length + OVERHEAD_BYTES
}
