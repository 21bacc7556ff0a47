// Makes a delta of two objects: what the base has is copied from there, in runs that a hash of blocks
// finds, and all else goes along. It takes time as the two are long, whatever they hold, and memory for a
// table of bounded size. https://git-scm.com/docs/pack-format#_deltified_representation

/** A run is found again that has a whole block of the base; large bases have larger blocks. */
const BLOCK_BYTES = 16
const MAX_BLOCKS = 1 << 20
const MAX_COPY_BYTES = 0xffffff
const MAX_LITERAL_BYTES = 0x7f
const FACTOR = 0x08104225
/** Spreads a hash over the table (2^32 by the golden ratio). */
const SPREAD = 0x9e3779b1

/** A delta that makes `target` of `base`; undefined where it would have more than `maxBytes`. */
export function encodeDelta(base: Buffer, target: Buffer, maxBytes: number): Buffer | undefined {
  const delta = new Instructions(maxBytes)
  delta.addSize(base.length)
  delta.addSize(target.length)
  const blocks = new Blocks(base)
  const { size } = blocks
  /** Up to here, the delta makes the target. */
  let made = 0
  let hash = blocks.hashAt(target, 0)
  for (let at = 0; at + size <= target.length; ) {
    let start = blocks.find(hash)
    if (start === undefined || !isSame(base, start, target, at, size)) {
      if (at + size < target.length) {
        hash = blocks.roll(hash, target[at] as number, target[at + size] as number)
      }
      at++
      continue
    }
    let end = at + size
    for (let from = start + size; from < base.length && end < target.length; from++, end++) {
      if (base[from] !== target[end]) break
    }
    while (at > made && start > 0 && base[start - 1] === target[at - 1]) {
      at--
      start--
    }
    delta.addLiteral(target.subarray(made, at))
    delta.addCopy(start, end - at)
    if (delta.isTooLong) return undefined
    made = end
    at = end
    hash = blocks.hashAt(target, at)
  }
  delta.addLiteral(target.subarray(made))
  return delta.bytes
}

/** The blocks of a base by the hash of their bytes; of some that fall together, the first. */
class Blocks {
  readonly size: number
  /** One more than where a block starts, as none is at 0. */
  readonly #starts: Int32Array
  readonly #shift: number
  /** What the byte counts that leaves a hash. */
  #first = 1

  constructor(base: Buffer) {
    this.size = Math.max(BLOCK_BYTES, Math.ceil(base.length / MAX_BLOCKS))
    for (let byte = 1; byte < this.size; byte++) this.#first = Math.imul(this.#first, FACTOR)
    const count = Math.floor(base.length / this.size)
    const bits = 33 - Math.clz32(Math.max(1, count))
    this.#shift = 32 - bits
    this.#starts = new Int32Array(2 ** bits)
    for (let block = count - 1; block >= 0; block--) {
      const start = block * this.size
      this.#starts[this.#slotOf(this.hashAt(base, start))] = start + 1
    }
  }

  find(hash: number): number | undefined {
    const start = this.#starts[this.#slotOf(hash)] as number
    return start === 0 ? undefined : start - 1
  }

  /** Of a block of bytes; of less, where there are no more. */
  hashAt(bytes: Buffer, start: number): number {
    const end = Math.min(start + this.size, bytes.length)
    let hash = 0
    for (let at = start; at < end; at++) hash = (Math.imul(hash, FACTOR) + bytes[at]!) | 0
    return hash
  }

  /** The hash of the block one byte further on. */
  roll(hash: number, leaving: number, coming: number): number {
    return (Math.imul(hash - Math.imul(leaving, this.#first), FACTOR) + coming) | 0
  }

  #slotOf(hash: number): number {
    return Math.imul(hash, SPREAD) >>> this.#shift
  }
}

function isSame(base: Buffer, start: number, target: Buffer, at: number, size: number): boolean {
  for (let byte = 0; byte < size; byte++) {
    if (base[start + byte] !== target[at + byte]) return false
  }
  return true
}

/** The bytes of a delta as they become more, up to a little more than so many. */
class Instructions {
  readonly #maxBytes: number
  #bytes = Buffer.allocUnsafe(1024)
  #length = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  get isTooLong(): boolean {
    return this.#length > this.#maxBytes
  }

  get bytes(): Buffer | undefined {
    return this.isTooLong ? undefined : this.#bytes.subarray(0, this.#length)
  }

  addSize(size: number): void {
    let rest = size
    for (; rest > 0x7f; rest = Math.floor(rest / 128)) this.#add([(rest & 0x7f) | 0x80])
    this.#add([rest])
  }

  addCopy(start: number, length: number): void {
    for (let done = 0; done < length; done += MAX_COPY_BYTES) {
      const bytes = [0]
      const numbers = [start + done, Math.min(MAX_COPY_BYTES, length - done)] as const
      let opcode = 0x80
      for (let bit = 0; bit < 7; bit++) {
        const byte =
          bit < 4 ? (numbers[0] >>> (8 * bit)) & 0xff : (numbers[1] >>> (8 * (bit - 4))) & 0xff
        if (byte === 0) continue
        opcode |= 1 << bit
        bytes.push(byte)
      }
      bytes[0] = opcode
      this.#add(bytes)
    }
  }

  addLiteral(bytes: Buffer): void {
    for (let at = 0; at < bytes.length && !this.isTooLong; at += MAX_LITERAL_BYTES) {
      const literal = bytes.subarray(at, at + MAX_LITERAL_BYTES)
      this.#add([literal.length])
      this.#add(literal)
    }
  }

  #add(bytes: ArrayLike<number>): void {
    if (this.#length + bytes.length > this.#bytes.length) {
      const longer = Buffer.allocUnsafe(2 * this.#bytes.length)
      this.#bytes.copy(longer, 0, 0, this.#length)
      this.#bytes = longer
    }
    this.#bytes.set(bytes, this.#length)
    this.#length += bytes.length
  }
}
