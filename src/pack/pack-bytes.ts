// The bytes of a pack for reading at any offset later: the last of them in memory, up to
// a budget, the rest in a temporary file.
import { closeSync, openSync, readSync, writeSync } from 'node:fs'

export interface PackBytesOptions {
  /** How many bytes stay in memory. */
  memoryBytes: number
  /** Names a new file for the rest; it is the caller's to remove. */
  createFile: () => string
}

export const BLOCK_BYTES = 256 * 1024

export class PackBytes {
  readonly #options: PackBytesOptions
  /** By number; none for a block that was spilled, or skipped whole. */
  readonly #blocks = new Map<number, Buffer>()
  #length = 0
  #file: number | undefined

  constructor(options: PackBytesOptions) {
    this.#options = options
  }

  get length(): number {
    return this.#length
  }

  append(bytes: Uint8Array): void {
    for (let start = 0; start < bytes.length; ) {
      const offset = this.#length % BLOCK_BYTES
      const part = bytes.subarray(start, start + BLOCK_BYTES - offset)
      this.#blockToFill().set(part, offset)
      this.#length += part.length
      start += part.length
    }
  }

  /** Counts bytes that are not kept: they must never be read. */
  skip(count: number): void {
    this.#length += count
  }

  /** Removes the bytes from `start` on and returns them. */
  takeFrom(start: number): Buffer {
    const bytes = Buffer.from(this.read(start, this.#length))
    this.#length = start
    return bytes
  }

  /** The bytes from `start` up to `end`, or to what has arrived; a view where one block has all. */
  read(start: number, end: number): Buffer {
    const pieces: Buffer[] = []
    for (let position = start; position < Math.min(end, this.#length); ) {
      const number = Math.floor(position / BLOCK_BYTES)
      const pieceEnd = Math.min(end, this.#length, (number + 1) * BLOCK_BYTES)
      pieces.push(this.#piece(number, position - number * BLOCK_BYTES, pieceEnd - position))
      position = pieceEnd
    }
    return pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces)
  }

  /** Frees the memory, and closes the file. */
  close(): void {
    this.#blocks.clear()
    if (this.#file !== undefined) closeSync(this.#file)
    this.#file = undefined
  }

  #piece(number: number, offset: number, length: number): Buffer {
    const block = this.#blocks.get(number)
    if (block) return block.subarray(offset, offset + length)
    const piece = Buffer.allocUnsafe(length)
    if (this.#file === undefined) throw new RangeError('bytes that were not kept are read')
    const at = number * BLOCK_BYTES + offset
    for (let read = 0; read < length; ) {
      const count = readSync(this.#file, piece, read, length - read, at + read)
      if (count === 0) throw new RangeError('bytes that were not kept are read')
      read += count
    }
    return piece
  }

  #blockToFill(): Buffer {
    const number = Math.floor(this.#length / BLOCK_BYTES)
    const known = this.#blocks.get(number)
    if (known) return known
    const block = Buffer.allocUnsafeSlow(BLOCK_BYTES)
    this.#blocks.set(number, block)
    if (this.#blocks.size * BLOCK_BYTES > this.#options.memoryBytes) this.#spillOldest()
    return block
  }

  #spillOldest(): void {
    const [[number, block] = []] = this.#blocks
    if (number === undefined || block === undefined || this.#blocks.size < 3) return
    this.#file ??= openSync(this.#options.createFile(), 'wx+')
    for (let written = 0; written < block.length; ) {
      const at = number * BLOCK_BYTES + written
      written += writeSync(this.#file, block, written, block.length - written, at)
    }
    this.#blocks.delete(number)
  }
}
