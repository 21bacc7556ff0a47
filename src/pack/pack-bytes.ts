// The bytes of a pack as they arrive, for reading at any offset later.

const FIRST_CAPACITY_BYTES = 256 * 1024

export class PackBytes {
  #buffer = Buffer.allocUnsafe(FIRST_CAPACITY_BYTES)
  #length = 0

  get length(): number {
    return this.#length
  }

  append(chunk: Uint8Array): void {
    const needed = this.#length + chunk.length
    if (needed > this.#buffer.length) {
      const grown = Buffer.allocUnsafe(Math.max(needed, this.#buffer.length * 2))
      this.#buffer.copy(grown, 0, 0, this.#length)
      this.#buffer = grown
    }
    this.#buffer.set(chunk, this.#length)
    this.#length = needed
  }

  /** A view of the bytes from `start` up to `end`, or to what has arrived. */
  view(start: number, end = this.#length): Buffer {
    return this.#buffer.subarray(start, Math.min(end, this.#length))
  }
}
