// Takes a pack apart as it arrives: each entry is inflated once, while the next is still
// on its way. Entries too large for memory go to files. At the end the object count and
// the checksum are verified. https://git-scm.com/docs/pack-format
import { createHash, type Hash } from 'node:crypto'
import {
  corrupt,
  decodeEntryHeader,
  type EntryHeader,
  MAX_HEADER_BYTES,
} from '../git/entry-header.js'
import { inflate } from '../git/inflate.js'
import type { LargeBlob } from '../git/object.js'
import { type ObjectFormat, oidBytes } from '../git/oid.js'
import { LargeBlobWriter, LargeInflate } from './large-blob.js'
import { BLOCK_BYTES, PackBytes } from './pack-bytes.js'

const PACK_HEADER_BYTES = 12

export interface EntryParserOptions {
  objectFormat: ObjectFormat
  /** How many bytes of the pack stay in memory. */
  memoryBytes: number
  /** From this size on, in bytes, a blob or a delta goes to a file. */
  largeBytes: number
  /** Names a new file, which is the caller's to remove. */
  createFile: () => string
  /** Receives each entry, in order. */
  onEntry: (entry: ParsedEntry) => void
}

export interface ParsedEntry {
  /** Where its header starts in the pack. */
  offset: number
  header: EntryHeader
  /** Inflated: a delta, or the object itself. */
  content: Buffer | LargeBlob
}

/** A large entry that is on its way. */
interface Growing {
  header: EntryHeader
  writer: LargeBlobWriter
  inflate: LargeInflate
}

export class EntryParser {
  readonly #options: EntryParserOptions
  readonly #pack: PackBytes
  readonly #checksum: Checksum
  #objectCount: number | undefined
  #parsed = 0
  /** Where the next entry starts. */
  #position = PACK_HEADER_BYTES
  /** No use in trying again to parse before this many bytes have arrived. */
  #retryAt = PACK_HEADER_BYTES
  #growing: Growing | undefined

  constructor(options: EntryParserOptions) {
    this.#options = options
    this.#pack = new PackBytes(options)
    this.#checksum = new Checksum(options.objectFormat)
  }

  /** How many bytes have arrived. */
  get bytes(): number {
    return this.#pack.length
  }

  /** Takes the next bytes of the pack. Throws `pack-corrupt` as soon as they make no sense. */
  async write(chunk: Buffer): Promise<void> {
    this.#checksum.update(chunk)
    let rest = this.#growing ? await this.#grow(this.#growing, chunk) : chunk
    while (rest) {
      this.#pack.append(rest)
      const started = this.#pack.length >= this.#retryAt && this.#parse()
      rest = started
        ? await this.#grow(started, this.#pack.takeFrom(this.#position + started.header.end))
        : undefined
    }
  }

  /** Verifies the whole. Throws `pack-corrupt`. */
  async finish(): Promise<void> {
    this.#retryAt = 0
    await this.write(Buffer.alloc(0))
    if (this.#growing || this.#objectCount === undefined || this.#parsed < this.#objectCount) {
      throw corrupt('ends too early')
    }
    const trailerAt = this.#pack.length - oidBytes(this.#options.objectFormat)
    if (trailerAt < this.#position) throw corrupt('ends too early')
    if (trailerAt > this.#position) throw corrupt('goes on after its last object')
    if (!this.#checksum.isRight()) throw corrupt('does not match its checksum')
  }

  /** Inflates an entry that was not large once more. */
  inflateAgain(offset: number, header: EntryHeader): Buffer {
    const inflated = this.#inflate(offset + header.end, header.size)
    if (!inflated) throw corrupt('changed while it was read')
    return inflated.body
  }

  close(): void {
    this.#growing?.inflate.close()
    this.#growing?.writer.close()
    this.#growing = undefined
    this.#pack.close()
  }

  /** Parses what has arrived, up to a large entry, which it returns. */
  #parse(): Growing | undefined {
    if (this.#pack.length < PACK_HEADER_BYTES) return undefined
    this.#objectCount ??= decodePackHeader(this.#pack.read(0, PACK_HEADER_BYTES))
    while (this.#parsed < this.#objectCount) {
      const header = this.#header()
      if (header && this.#isLarge(header)) return this.#start(header)
      const inflated = header && this.#inflate(this.#position + header.end, header.size)
      if (!inflated) {
        // Twice the bytes before the next try keeps the work for one object linear.
        this.#retryAt = 2 * this.#pack.length - this.#position
        return undefined
      }
      this.#emit(header, inflated.body, inflated.deflatedBytes)
    }
    return undefined
  }

  #header(): EntryHeader | undefined {
    const bytes = this.#pack.read(this.#position, this.#position + MAX_HEADER_BYTES)
    return decodeEntryHeader(bytes, 0, this.#options.objectFormat)
  }

  /** Tries views of growing length, as only one within a block costs no copy. */
  #inflate(start: number, size: number) {
    const likelyEnd = start + size + Math.ceil(size / 1000) + 64
    const blockEnd = start - (start % BLOCK_BYTES) + BLOCK_BYTES
    for (const end of [blockEnd, likelyEnd, this.#pack.length]) {
      const isUseless = end !== blockEnd && end <= blockEnd
      const inflated = isUseless ? undefined : inflate(this.#pack.read(start, end), size)
      if (inflated) return inflated
      if (end >= this.#pack.length) return undefined
    }
    return undefined
  }

  #isLarge({ kind, size }: EntryHeader): boolean {
    if (size < this.#options.largeBytes) return false
    return kind.type === 'blob' || kind.type === 'ofs-delta' || kind.type === 'ref-delta'
  }

  #start(header: EntryHeader): Growing {
    const { createFile, objectFormat } = this.#options
    const writer = new LargeBlobWriter(createFile(), header.size, objectFormat)
    this.#growing = { header, writer, inflate: new LargeInflate((piece) => writer.write(piece)) }
    return this.#growing
  }

  /** Feeds a large entry; once it is whole, returns the bytes that follow it. */
  async #grow({ header, writer, inflate }: Growing, bytes: Buffer): Promise<Buffer | undefined> {
    const rest = await inflate.feed(bytes)
    if (!rest) return undefined
    this.#growing = undefined
    const content = writer.finish()
    this.#pack.skip(inflate.deflatedBytes)
    this.#retryAt = 0
    this.#emit(header, content, inflate.deflatedBytes)
    return rest
  }

  #emit(header: EntryHeader, content: Buffer | LargeBlob, deflatedBytes: number): void {
    const offset = this.#position
    this.#position += header.end + deflatedBytes
    this.#parsed++
    this.#options.onEntry({ offset, header, content })
  }
}

/** The hash of everything but the trailer, which is to equal it. */
class Checksum {
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

  isRight(): boolean {
    return this.#last.equals(this.#hash.digest())
  }
}

function decodePackHeader(bytes: Buffer): number {
  if (bytes.toString('latin1', 0, 4) !== 'PACK') throw corrupt('does not start with PACK')
  const version = bytes.readUInt32BE(4)
  if (version !== 2 && version !== 3) throw corrupt(`has the unknown version ${version}`)
  return bytes.readUInt32BE(8)
}
