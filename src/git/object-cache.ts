// The objects of packs that were used last, up to a number of bytes.
import type { GitObject } from './object.js'

/** What it takes to keep an object, beside its body: measured, of small ones. */
const OVERHEAD_BYTES = 704

/** `Key` tells where an object is stored. */
export class ObjectCache<Key> {
  readonly #objects = new Map<Key, GitObject>()
  /** Goes on from one call to the next: a new one would step over all that was removed. */
  readonly #oldest = this.#objects.keys()
  readonly #maxBytes: number
  #bytes = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** The object of an entry, which becomes the one used last. */
  get(entry: Key): GitObject | undefined {
    const object = this.#objects.get(entry)
    if (object) {
      this.#objects.delete(entry)
      this.#objects.set(entry, object)
    }
    return object
  }

  /** Keeps an object, unless it would push out half of the others. */
  set(entry: Key, object: GitObject): void {
    this.#delete(entry)
    if (bytesOf(object) > this.#maxBytes / 2) return
    this.#objects.set(entry, object)
    this.#bytes += bytesOf(object)
    while (this.#bytes > this.#maxBytes) this.#delete(this.#oldest.next().value as Key)
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
