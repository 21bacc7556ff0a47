// The bytes of a pack for reading at any offset later: the last of them in memory, as far as
// there is room, and of the rest, in a temporary file, those that are still needed.
import { closeSync, readSync } from 'node:fs'
import type { VolumeFile } from '../volume/open-file.js'
import { writeAll } from '../volume/write-all.js'
import type { PackRoom, Spillable } from './pack-room.js'

export interface PackBytesOptions {
  /** Where what stays in memory has its place. */
  room: Pick<PackRoom, 'forget' | 'give' | 'giveBlock' | 'scratch' | 'take'>
  /** Names a new file for the rest; it is the caller's to remove. */
  createFile: () => VolumeFile
  /** Which bytes may be read again, of those from `start` up to `end`: one part after the other. */
  needed: (start: number, end: number) => Iterable<Part>
}

/** Where some bytes start, and where they end. */
export type Part = readonly [start: number, end: number]

export const BLOCK_BYTES = 256 * 1024
/** How far the entries of a block may reach beyond it, in blocks, until they have been taken apart. */
const BEHIND = [2, 3]

export class PackBytes implements Spillable {
  readonly #options: PackBytesOptions
  /** By number; none for a block that was spilled or let go of, or skipped whole. */
  readonly #blocks = new Map<number, Buffer>()
  #length = 0
  #isWhole = false
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
    if (block && offset + length <= block.length) return block.subarray(offset, offset + length)
    const bytes = this.#options.room.scratch(length)
    for (let read = 0; read < length; ) read += this.#copy(start + read, bytes.subarray(read))
    return bytes
  }

  /** Says that nothing follows: what the last block has no use for is given back. */
  end(): void {
    this.#isWhole = true
    const number = Math.floor(this.#length / BLOCK_BYTES)
    const block = this.#blocks.get(number)
    const used = this.#length % BLOCK_BYTES
    if (!block || used > BLOCK_BYTES / 2) return
    this.#options.room.give(BLOCK_BYTES - used)
    const last = Buffer.allocUnsafeSlow(used)
    block.copy(last)
    this.#blocks.set(number, last)
  }

  /** Frees the memory, and closes the file. */
  close(): void {
    const { room } = this.#options
    for (const { length } of this.#blocks.values()) room.give(length)
    this.#blocks.clear()
    room.forget(this)
    if (this.#file !== undefined) closeSync(this.#file)
    this.#file = undefined
  }

  /** The last block stays while it is filled. */
  spill(): Buffer | undefined {
    const [[number, block] = []] = this.#blocks
    if (number === undefined || block === undefined) return undefined
    if (this.#blocks.size < 2 && !this.#isWhole) return undefined
    const at = number * BLOCK_BYTES
    for (const [start, end] of this.#options.needed(
      at,
      Math.min(at + block.length, this.#length),
    )) {
      this.#file ??= this.#options.createFile().create()
      // What is left out is a hole, which takes no room.
      writeAll(this.#file, block.subarray(start - at, end - at), start)
    }
    this.#blocks.delete(number)
    if (this.#blocks.size === 0) this.#options.room.forget(this)
    return block
  }

  /** Frees the memory of a block of which nothing is needed. */
  #letGo(number: number): void {
    const block = this.#blocks.get(number)
    if (!block) return
    const at = number * BLOCK_BYTES
    for (const _ of this.#options.needed(at, at + BLOCK_BYTES)) return
    this.#blocks.delete(number)
    this.#options.room.giveBlock(block)
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
    for (const behind of BEHIND) this.#letGo(number - behind)
    const block = this.#options.room.take(BLOCK_BYTES, this)
    // After bytes were taken off, filling may go on in a block that was spilled.
    this.#readFile(block.subarray(0, this.#length % BLOCK_BYTES), number * BLOCK_BYTES)
    this.#blocks.set(number, block)
    return block
  }
}
