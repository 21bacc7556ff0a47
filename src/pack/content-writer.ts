// Takes the content of an object piece by piece, and makes sure of its size: into memory,
// or for blobs and deltas too large for that into a file.
import { closeSync } from 'node:fs'
import { corrupt } from '../git/corrupt.js'
import { type LargeBlob, startHash } from '../git/object.js'
import type { ObjectFormat } from '../git/oid.js'
import type { VolumeFile } from '../volume/open-file.js'
import { writeAll } from '../volume/write-all.js'

/** What is written at once: deltas come in pieces of a few bytes. */
const BATCH_BYTES = 64 * 1024

/** What memory is asked for at first, in bytes, as a size may lie. */
const MAX_START_BYTES = 4 * 1024 * 1024

/** Takes pieces in order, and gives the whole once it has the size it was to have. */
export interface ContentWriter {
  /** Throws `pack-corrupt` where it gets too large. */
  write(piece: Buffer): void
  /** Throws `pack-corrupt` where it is too small. */
  finish(): Buffer | LargeBlob
  /** Closes what is open, whether or not the content is whole. */
  close(): void
}

/** Gives the content in memory. */
export class BufferWriter implements ContentWriter {
  readonly #size: number
  #body: Buffer
  #taken = 0

  constructor(size: number) {
    this.#size = size
    this.#body = Buffer.allocUnsafeSlow(Math.min(size, MAX_START_BYTES))
  }

  write(piece: Buffer): void {
    const end = this.#taken + piece.length
    assertNotLarger(end, this.#size)
    if (end > this.#body.length) {
      const larger = Buffer.allocUnsafeSlow(this.#size)
      this.#body.copy(larger, 0, 0, this.#taken)
      this.#body = larger
    }
    piece.copy(this.#body, this.#taken)
    this.#taken = end
  }

  finish(): Buffer {
    assertNotSmaller(this.#taken, this.#size)
    return this.#body
  }

  close(): void {}
}

/** Gives a blob in a file. */
export class LargeBlobWriter implements ContentWriter {
  readonly #file: VolumeFile
  readonly #fd: number
  readonly #size: number
  readonly #hash
  readonly #batch = Buffer.allocUnsafe(BATCH_BYTES)
  #batched = 0
  #taken = 0
  #isClosed = false

  /** `file` must not exist; `size` is what the blob must turn out to have, in bytes. */
  constructor(file: VolumeFile, size: number, format: ObjectFormat) {
    this.#file = file
    this.#fd = file.create()
    this.#size = size
    this.#hash = startHash('blob', size, format)
  }

  write(piece: Buffer): void {
    this.#taken += piece.length
    assertNotLarger(this.#taken, this.#size)
    if (piece.length > BATCH_BYTES - this.#batched) this.#flush()
    if (piece.length >= BATCH_BYTES) this.#put(piece)
    else this.#batched += piece.copy(this.#batch, this.#batched)
  }

  finish(): LargeBlob {
    assertNotSmaller(this.#taken, this.#size)
    this.#flush()
    this.close()
    return {
      type: 'blob',
      oid: this.#hash.digest('hex'),
      file: this.#file,
      size: this.#size,
      isTemporary: true,
    }
  }

  close(): void {
    if (!this.#isClosed) closeSync(this.#fd)
    this.#isClosed = true
  }

  #flush(): void {
    this.#put(this.#batch.subarray(0, this.#batched))
    this.#batched = 0
  }

  #put(bytes: Buffer): void {
    this.#hash.update(bytes)
    writeAll(this.#fd, bytes)
  }
}

function assertNotLarger(taken: number, size: number): void {
  if (taken > size) throw corrupt('has an object of a larger size than it says')
}

function assertNotSmaller(taken: number, size: number): void {
  if (taken < size) throw corrupt('has an object of a smaller size than it says')
}
