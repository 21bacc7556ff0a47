// The checksum of a pack that arrives in pieces of any size.
// https://git-scm.com/docs/pack-format
import { createHash, type Hash } from 'node:crypto'
import { type ObjectFormat, oidBytes } from '../git/oid.js'

/** The hash of everything but the trailer, which is to equal it. */
export class Checksum {
  readonly #hash: Hash
  readonly #trailerBytes: number
  #last = Buffer.alloc(0)

  constructor(format: ObjectFormat) {
    this.#hash = createHash(format)
    this.#trailerBytes = oidBytes(format)
  }

  update(chunk: Buffer): void {
    if (chunk.length >= this.#trailerBytes) {
      this.#hash.update(this.#last).update(chunk.subarray(0, -this.#trailerBytes))
      this.#last = Buffer.from(chunk.subarray(-this.#trailerBytes))
      return
    }
    const bytes = Buffer.concat([this.#last, chunk])
    const end = Math.max(0, bytes.length - this.#trailerBytes)
    this.#hash.update(bytes.subarray(0, end))
    this.#last = bytes.subarray(end)
  }

  /** Whether the last bytes are the checksum of all before them; ends the hash. */
  isRight(): boolean {
    return this.#last.equals(this.#hash.digest())
  }
}
