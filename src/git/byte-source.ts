// Bytes to read at any position, in memory or in a file: what a delta is made of and
// applied to, however large.
import { closeSync, readSync } from 'node:fs'
import type { OpenFile } from '../volume/open-file.js'

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

/** An open file as a source, which closes it in the end. */
export class FileSource implements ByteSource {
  readonly length: number
  readonly #fd: number
  #buffer = Buffer.alloc(0)
  /** What the buffer holds of the file. */
  #window = this.#buffer
  #windowStart = 0

  constructor({ fd, stat }: OpenFile) {
    this.#fd = fd
    this.length = stat.size
  }

  read(start: number, end: number): Buffer {
    if (start < this.#windowStart || end > this.#windowStart + this.#window.length) {
      this.#fill(start, Math.max(end - start, WINDOW_BYTES))
    }
    return this.#window.subarray(start - this.#windowStart, end - this.#windowStart)
  }

  close(): void {
    closeSync(this.#fd)
  }

  #fill(start: number, size: number): void {
    if (this.#buffer.length < size) this.#buffer = Buffer.allocUnsafe(size)
    let filled = 0
    while (filled < size) {
      const count = readSync(this.#fd, this.#buffer, filled, size - filled, start + filled)
      if (count === 0) break
      filled += count
    }
    this.#window = this.#buffer.subarray(0, filled)
    this.#windowStart = start
  }
}
