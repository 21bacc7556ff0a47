// Blobs, and deltas, too large for memory: they are inflated to a file as they arrive,
// or built there from their base.
import { closeSync, openSync, writeSync } from 'node:fs'
import { createInflate } from 'node:zlib'
import { corrupt } from '../git/entry-header.js'
import { type LargeBlob, startHash } from '../git/object.js'
import type { ObjectFormat } from '../git/oid.js'

/** Takes pieces in order, and gives a blob in a file. */
export class LargeBlobWriter {
  readonly #file: string
  readonly #fd: number
  readonly #size: number
  readonly #hash
  #written = 0

  /** `file` must not exist; `size` is what the blob must turn out to have, in bytes. */
  constructor(file: string, size: number, format: ObjectFormat) {
    this.#file = file
    this.#fd = openSync(file, 'wx')
    this.#size = size
    this.#hash = startHash('blob', size, format)
  }

  write(piece: Buffer): void {
    this.#written += piece.length
    if (this.#written > this.#size) throw corrupt('has an object that is larger than it says')
    this.#hash.update(piece)
    for (let start = 0; start < piece.length; ) start += writeSync(this.#fd, piece, start)
  }

  finish(): LargeBlob {
    this.close()
    if (this.#written !== this.#size) throw corrupt('has an object that is smaller than it says')
    return {
      type: 'blob',
      oid: this.#hash.digest('hex'),
      file: this.#file,
      size: this.#size,
      isTemporary: true,
    }
  }

  close(): void {
    closeSync(this.#fd)
  }
}

/** Inflates one zlib stream that arrives in pieces and is followed by other bytes. */
export class LargeInflate {
  readonly #inflate = createInflate({ chunkSize: 256 * 1024 })
  #fedBytes = 0
  #hasEnded = false
  #fault: unknown

  constructor(sink: (piece: Buffer) => void) {
    this.#inflate.on('data', (piece: Buffer) => {
      try {
        if (!this.#fault) sink(piece)
      } catch (error) {
        this.#fail(error)
      }
    })
    this.#inflate.on('error', (error) =>
      this.#fail(corrupt('has an object that does not inflate', error)),
    )
    this.#inflate.on('end', () => {
      this.#hasEnded = true
    })
  }

  /** How many bytes the stream took. */
  get deflatedBytes(): number {
    return this.#inflate.bytesWritten
  }

  /** Feeds more; once the stream has ended, returns the bytes that follow it. */
  async feed(bytes: Buffer): Promise<Buffer | undefined> {
    this.#fedBytes += bytes.length
    await new Promise<void>((resolve) => {
      // At the stream's end it does not call back, hence three ways to go on.
      const done = () => {
        this.#inflate.off('end', done).off('close', done)
        resolve()
      }
      this.#inflate.on('end', done).on('close', done)
      this.#inflate.write(bytes, done)
    })
    if (this.#fault) throw this.#fault
    if (!this.#hasEnded) return undefined
    return bytes.subarray(bytes.length - (this.#fedBytes - this.deflatedBytes))
  }

  close(): void {
    this.#inflate.destroy()
  }

  #fail(error: unknown): void {
    this.#fault ??= error
    this.#inflate.destroy()
  }
}
