// Finds objects in a pack by its index, which is read in place: very large
// repositories cost no memory. https://git-scm.com/docs/pack-format#_version_2_pack_idx_files_support_packs_larger_than_4_gib_and
import { closeSync, readSync } from 'node:fs'
import { SyncError } from '../../base/errors.js'
import { type ObjectFormat, type Oid, oidBytes } from '../../git/oid.js'

const MAGIC = 0xff744f63
const HEADER_BYTES = 8
const FANOUT_BYTES = 256 * 4
/** How many oids are read at once; oids are spread evenly, so one read almost always does. */
const WINDOW = 256
/** The oids that were read last: a buffer for each search would leave more behind than objects take. */
const OIDS = Buffer.allocUnsafe(WINDOW * oidBytes('sha256'))

export class PackIndex {
  readonly #file: string
  readonly #fd: number
  readonly #oidBytes: number
  readonly #fanout: Buffer

  /**
   * The index that is open as `fd`, which it closes; `file` is its name. Throws
   * `object-format-unsupported` for the version before 2.
   */
  constructor(fd: number, file: string, format: ObjectFormat) {
    this.#oidBytes = oidBytes(format)
    this.#file = file
    this.#fd = fd
    const head = this.#read(0, HEADER_BYTES + FANOUT_BYTES)
    if (head.length < HEADER_BYTES + FANOUT_BYTES || head.readUInt32BE(0) !== MAGIC) {
      this.close()
      throw new SyncError(
        'object-format-unsupported',
        `The pack index ${file} is not of version 2; run git repack -ad in the repository`,
      )
    }
    this.#fanout = head.subarray(HEADER_BYTES)
  }

  /** Where the object starts in the pack, or undefined where the pack does not hold it. */
  find(oid: Buffer): number | undefined {
    const position = this.#positionOf(oid)
    return position === undefined ? undefined : this.#offsetAt(position)
  }

  /** How many objects it says that the pack has. */
  get count(): number {
    return this.#fanout.readUInt32BE(255 * 4)
  }

  /** Every object, in the order of their oids; `crc` is that of its bytes in the pack. */
  *objects(): Generator<{ oid: Oid; offset: number; crc: number }> {
    for (let start = 0; start < this.count; start += WINDOW) {
      const oids = Buffer.from(this.#oids(start, Math.min(this.count, start + WINDOW)))
      const rows = Math.floor(oids.length / this.#oidBytes)
      const crcs = this.#readWhole(this.#crcsAt + start * 4, rows * 4)
      for (let row = 0; row < rows; row++) {
        const oid = oids.toString('hex', row * this.#oidBytes, (row + 1) * this.#oidBytes)
        yield { oid, offset: this.#offsetAt(start + row), crc: crcs.readUInt32BE(row * 4) }
      }
    }
  }

  close(): void {
    closeSync(this.#fd)
  }

  #positionOf(oid: Buffer): number | undefined {
    const first = oid[0]!
    let low = first === 0 ? 0 : this.#fanout.readUInt32BE((first - 1) * 4)
    let high = this.#fanout.readUInt32BE(first * 4)
    let guess = low + Math.floor(((high - low) * oid.readUInt32BE(1)) / 2 ** 32)
    while (low < high) {
      const start = Math.max(low, Math.min(guess, high) - WINDOW / 2)
      const window = this.#oids(start, Math.min(high, start + WINDOW))
      const found = search(window, oid)
      if (found >= 0) return start + found
      if (found === BEFORE) high = start
      else if (found === AFTER) low = start + window.length / this.#oidBytes
      else return undefined
      guess = (low + high) >>> 1
    }
    return undefined
  }

  /** At most a window of them, good until the next is asked for. */
  #oids(start: number, end: number): Buffer {
    const length = (end - start) * this.#oidBytes
    const oids = OIDS.subarray(0, readSync(this.#fd, OIDS, 0, length, this.#oidsAt(start)))
    // A cut index must not make the search go on for ever.
    if (oids.length < this.#oidBytes) throw this.#cutShort()
    return oids
  }

  #offsetAt(position: number): number {
    const offsets = this.#crcsAt + this.count * 4
    const offset = this.#readWhole(offsets + position * 4, 4).readUInt32BE()
    if (offset < 2 ** 31) return offset
    const large = offsets + this.count * 4 + (offset - 2 ** 31) * 8
    return Number(this.#readWhole(large, 8).readBigUInt64BE())
  }

  get #crcsAt(): number {
    return this.#oidsAt(this.count)
  }

  #oidsAt(position: number): number {
    return HEADER_BYTES + FANOUT_BYTES + position * this.#oidBytes
  }

  #readWhole(position: number, length: number): Buffer {
    const bytes = this.#read(position, length)
    if (bytes.length < length) throw this.#cutShort()
    return bytes
  }

  #cutShort(): SyncError {
    return new SyncError(
      'pack-corrupt',
      `The pack index ${this.#file} is cut short (git fsck tells more)`,
    )
  }

  #read(position: number, length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length)
    return bytes.subarray(0, readSync(this.#fd, bytes, 0, length, position))
  }
}

const BEFORE = -1
const AFTER = -2
const ABSENT = -3

/** The position of `oid` among the sorted `oids`, or where else it would be. */
function search(oids: Buffer, oid: Buffer): number {
  let low = 0
  const size = oid.length
  let high = Math.floor(oids.length / size)
  const count = high
  while (low < high) {
    const middle = (low + high) >>> 1
    const order = oids.compare(oid, 0, size, middle * size, (middle + 1) * size)
    if (order === 0) return middle
    if (order < 0) low = middle + 1
    else high = middle
  }
  if (low === 0) return BEFORE
  return low === count ? AFTER : ABSENT
}
