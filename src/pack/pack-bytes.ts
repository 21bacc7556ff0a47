// The bytes of a pack for reading at any offset later: the last of them in memory, up to
// a budget, the rest in a temporary file.
import { closeSync, readSync } from 'node:fs'
import type { VolumeFile } from '../volume/open-file.js'
import { writeAll } from '../volume/write-all.js'

export interface PackBytesOptions {
  /** How many bytes stay in memory. */
  memoryBytes: number
  /** Names a new file for the rest; it is the caller's to remove. */
  createFile: () => VolumeFile
}

export const BLOCK_BYTES = 256 * 1024
/** What is kept at most for reads across blocks, in bytes. */
const MAX_SCRATCH_BYTES = 4 * 1024 * 1024

export class PackBytes {
  readonly #options: PackBytesOptions
  /** By number; none for a block that was spilled, or skipped whole. */
  readonly #blocks = new Map<number, Buffer>()
  #length = 0
  #scratch = Buffer.alloc(0)
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
  passOver(count: number): void {
    this.#length += count
  }

  /** Removes the bytes from `start` on and returns them. */
  takeFrom(start: number): Buffer {
    const bytes = Buffer.from(this.read(start, this.#length))
    this.#length = start
    return bytes
  }

  /** The bytes from `start` up to `end`, or to what has arrived; valid until the next call. */
  read(start: number, end: number): Buffer {
    const length = Math.max(0, Math.min(end, this.#length) - start)
    const offset = start % BLOCK_BYTES
    const block = this.#blocks.get(Math.floor(start / BLOCK_BYTES))
    if (block && offset + length <= BLOCK_BYTES) return block.subarray(offset, offset + length)
    const bytes = this.#scratchOf(length)
    for (let read = 0; read < length; ) read += this.#copy(start + read, bytes.subarray(read))
    return bytes
  }

  /** Frees the memory, and closes the file. */
  close(): void {
    this.#blocks.clear()
    this.#scratch = Buffer.alloc(0)
    if (this.#file !== undefined) closeSync(this.#file)
    this.#file = undefined
  }

  /** Most reads across blocks use the same memory, as there are many of them. */
  #scratchOf(length: number): Buffer {
    if (length > MAX_SCRATCH_BYTES) return Buffer.allocUnsafeSlow(length)
    if (length > this.#scratch.length)
      this.#scratch = Buffer.allocUnsafeSlow(Math.min(2 * length, MAX_SCRATCH_BYTES))
    return this.#scratch.subarray(0, length)
  }

  /** Copies the bytes from `start` on, at most to the end of their block; returns how many. */
  #copy(start: number, target: Buffer): number {
    const offset = start % BLOCK_BYTES
    const block = this.#blocks.get(Math.floor(start / BLOCK_BYTES))
    if (block) return block.copy(target, 0, offset)
    const part = target.subarray(0, BLOCK_BYTES - offset)
    if (this.#readFile(part, start) < part.length) {
      throw new RangeError('bytes that were not kept are read')
    }
    return part.length
  }

  /** Fills `target` from the file, as far as it goes; returns how many bytes that are. */
  #readFile(target: Buffer, at: number): number {
    if (this.#file === undefined) return 0
    let filled = 0
    while (filled < target.length) {
      const count = readSync(this.#file, target, filled, target.length - filled, at + filled)
      if (count === 0) break
      filled += count
    }
    return filled
  }

  #blockToFill(): Buffer {
    const number = Math.floor(this.#length / BLOCK_BYTES)
    const known = this.#blocks.get(number)
    if (known) return known
    const isFull = (this.#blocks.size + 1) * BLOCK_BYTES > this.#options.memoryBytes
    const block = (isFull ? this.#spillOldest() : undefined) ?? Buffer.allocUnsafeSlow(BLOCK_BYTES)
    // After bytes were taken off, filling may go on in a block that was spilled.
    this.#readFile(block.subarray(0, this.#length % BLOCK_BYTES), number * BLOCK_BYTES)
    this.#blocks.set(number, block)
    return block
  }

  /** Moves a block to the file, and returns its memory to be used again; never the last one. */
  #spillOldest(): Buffer | undefined {
    const [[number, block] = []] = this.#blocks
    if (number === undefined || block === undefined || this.#blocks.size < 2) return undefined
    this.#file ??= this.#options.createFile().create()
    writeAll(this.#file, block, number * BLOCK_BYTES)
    this.#blocks.delete(number)
    return block
  }
}
