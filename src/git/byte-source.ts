// Bytes to read at any position, in memory or in a file: what a delta is made of and
// applied to, however large.
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'

export interface ByteSource {
  readonly length: number
  /** The bytes from `start` up to `end`, both within the source; valid until the next read. */
  read(start: number, end: number): Buffer
}

/** Bytes in memory as a source. */
export function bufferSource(bytes: Buffer): ByteSource {
  return { length: bytes.length, read: (start, end) => bytes.subarray(start, end) }
}

const WINDOW_BYTES = 64 * 1024

/** A file as a source; it is open until closed. */
export class FileSource implements ByteSource {
  readonly length: number
  readonly #fd: number
  #window = Buffer.alloc(0)
  #windowStart = 0

  constructor(path: string | Buffer) {
    this.#fd = openSync(path, 'r')
    this.length = fstatSync(this.#fd).size
  }

  read(start: number, end: number): Buffer {
    if (start < this.#windowStart || end > this.#windowStart + this.#window.length) {
      const bytes = Buffer.allocUnsafe(Math.max(end - start, WINDOW_BYTES))
      this.#window = bytes.subarray(0, readSync(this.#fd, bytes, 0, bytes.length, start))
      this.#windowStart = start
    }
    return this.#window.subarray(start - this.#windowStart, end - this.#windowStart)
  }

  close(): void {
    closeSync(this.#fd)
  }
}
