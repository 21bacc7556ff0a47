// Takes a pack apart as it arrives: each entry is inflated once, while the next is still
// on its way. Entries too large for memory go to files. At the end the object count and
// the checksum are verified. https://git-scm.com/docs/pack-format

import { corrupt } from '../git/corrupt.js'
import {
  decodeEntryHeader,
  type EntryHeader,
  type EntryKind,
  isDelta,
  MAX_HEADER_BYTES,
} from '../git/entry-header.js'
import { inflate } from '../git/inflate.js'
import type { LargeBlob } from '../git/object.js'
import { type ObjectFormat, oidBytes } from '../git/oid.js'
import { assertHoldable, holdObject, type WholeMemory } from '../git/whole-objects.js'
import type { VolumeFile } from '../volume/open-file.js'
import { Checksum } from './checksum.js'
import { BufferWriter, type ContentWriter, LargeBlobWriter } from './content-writer.js'
import { BLOCK_BYTES, PackBytes, type Part } from './pack-bytes.js'
import type { PackRoom, PackTally } from './pack-room.js'
import { StreamInflate } from './stream-inflate.js'

const PACK_HEADER_BYTES = 12
/** Up to this size, in bytes, an entry is inflated at once, when it has arrived whole. */
const MAX_SMALL_BYTES = 256 * 1024
/** How much an entry may deflate to, beyond twice its size, in bytes. */
const DEFLATED_SLACK_BYTES = 1024 * 1024

export interface EntryParserOptions {
  objectFormat: ObjectFormat
  /** What all packs of the sync have together. */
  room: PackRoom
  /** What this one counts for. */
  tally: PackTally
  /** From this size on, in bytes, a blob or a delta goes to a file. */
  largeBytes: number
  /** Names a new file, which is the caller's to remove. */
  createFile: () => VolumeFile
  memory: WholeMemory
  /** Receives each entry, in order. */
  onEntry: (entry: ParsedEntry) => void
  /** Which bytes of the entries that were received may be read again, from `start` up to `end`. */
  needed: (start: number, end: number) => Iterable<Part>
}

export interface ParsedEntry {
  /** Where its header starts in the pack. */
  offset: number
  header: EntryHeader
  /** Inflated: a delta, or the object itself. */
  content: Buffer | LargeBlob
}

/** An entry that is not small, and on its way. */
interface Growing {
  header: EntryHeader
  writer: ContentWriter
  inflate: StreamInflate
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
    this.#pack = new PackBytes({ ...options, needed: (start, end) => this.#needed(start, end) })
    this.#checksum = new Checksum(options.objectFormat)
  }

  /** How many bytes have arrived. */
  get bytes(): number {
    return this.#pack.length
  }

  /** Takes the next bytes of the pack. Throws `pack-corrupt` as soon as they make no sense. */
  async write(chunk: Buffer): Promise<void> {
    this.#options.tally.addPackBytes(chunk.length)
    this.#checksum.update(chunk)
    // In steps, since what follows the start of a larger entry is copied out again.
    for (let start = 0; start < chunk.length; start += BLOCK_BYTES) {
      await this.#take(chunk.subarray(start, start + BLOCK_BYTES))
    }
  }

  async #take(bytes: Buffer): Promise<void> {
    let rest = this.#growing ? await this.#grow(this.#growing, bytes) : bytes
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
    await this.#take(Buffer.alloc(0))
    if (this.#growing || this.#objectCount === undefined || this.#parsed < this.#objectCount) {
      throw corrupt('ends too early')
    }
    const trailerAt = this.#pack.length - oidBytes(this.#options.objectFormat)
    if (trailerAt < this.#position) throw corrupt('ends too early')
    if (trailerAt > this.#position) throw corrupt('goes on after its last object')
    if (!this.#checksum.isRight()) throw corrupt('does not match its checksum')
    this.#pack.end()
  }

  /** Inflates once more the entry that starts at `start`; the next one starts at `end`. */
  readAgain(start: number, end = this.#position): { kind: EntryKind; body: Buffer } {
    const bytes = this.#pack.read(start, end)
    const header = decodeEntryHeader(bytes, 0, this.#options.objectFormat)
    const inflated = header && inflate(bytes.subarray(header.end), header.size)
    if (!inflated) throw corrupt('changed while it was read')
    return { kind: header.kind, body: inflated.body }
  }

  /** Frees memory, and closes all files. */
  close(): void {
    this.#growing?.inflate.close()
    this.#growing?.writer.close()
    this.#growing = undefined
    this.#pack.close()
  }

  *#needed(start: number, end: number): Generator<Part> {
    const parsed = Math.min(end, this.#position)
    if (start < parsed) yield* this.#options.needed(start, parsed)
    if (parsed < end) yield [Math.max(start, parsed), end]
  }

  /** Parses what has arrived, up to an entry that is not small, which it returns. */
  #parse(): Growing | undefined {
    if (this.#pack.length < PACK_HEADER_BYTES) return undefined
    this.#objectCount ??= this.#decodeObjectCount()
    while (this.#parsed < this.#objectCount) {
      const header = this.#header()
      if (header && !this.#isSmall(header)) return this.#start(header)
      const inflated = header && this.#inflate(this.#position + header.end, header.size)
      if (!inflated) {
        if (header) assertBounded(this.#pack.length - this.#position, header)
        // Twice the bytes before the next try keeps the work for one object linear.
        this.#retryAt = 2 * this.#pack.length - this.#position
        return undefined
      }
      this.#hold(header, header.size)
      this.#emit(header, inflated.body, inflated.deflatedBytes)
    }
    return undefined
  }

  #decodeObjectCount(): number {
    const count = decodePackHeader(this.#pack.read(0, PACK_HEADER_BYTES))
    this.#options.tally.addEntries(count)
    return count
  }

  #header(): EntryHeader | undefined {
    const bytes = this.#pack.read(this.#position, this.#position + MAX_HEADER_BYTES)
    const header = decodeEntryHeader(bytes, 0, this.#options.objectFormat)
    if (header && !isDelta(header.kind))
      assertHoldable(header.kind.type, header.size, this.#options.memory)
    if (header) this.#options.tally.assertFits(header.size)
    return header
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

  #isSmall(header: EntryHeader): boolean {
    return header.size <= MAX_SMALL_BYTES && !this.#isLarge(header)
  }

  #isLarge(header: EntryHeader): boolean {
    return header.size >= this.#options.largeBytes && mayBeLarge(header)
  }

  #start(header: EntryHeader): Growing {
    const { createFile, objectFormat } = this.#options
    const writer = this.#isLarge(header)
      ? new LargeBlobWriter(createFile(), header.size, objectFormat)
      : new BufferWriter(header.size)
    let taken = 0
    const take = (piece: Buffer) => {
      taken += piece.length
      this.#hold(header, taken)
      writer.write(piece)
    }
    this.#growing = { header, writer, inflate: new StreamInflate(take) }
    return this.#growing
  }

  /** Takes memory for what has come of an object; that of deltas is taken where they are applied. */
  #hold({ kind, size }: EntryHeader, bytes: number): void {
    if (!isDelta(kind)) holdObject(kind.type, Math.min(bytes, size), this.#options.memory)
  }

  /** Feeds an entry that is not small; once it is whole, returns the bytes that follow it. */
  async #grow({ header, writer, inflate }: Growing, bytes: Buffer): Promise<Buffer | undefined> {
    const rest = await inflate.feed(bytes)
    const taken = bytes.subarray(0, bytes.length - (rest?.length ?? 0))
    // What went to a file is never read from the pack again.
    if (this.#isLarge(header)) this.#pack.passOver(taken.length)
    else this.#pack.append(taken)
    if (!rest) {
      assertBounded(inflate.deflatedBytes, header)
      return undefined
    }
    const content = writer.finish()
    this.#growing = undefined
    this.#retryAt = 0
    this.#emit(header, content, inflate.deflatedBytes)
    return rest
  }

  #emit(header: EntryHeader, content: Buffer | LargeBlob, deflatedBytes: number): void {
    const offset = this.#position
    this.#position += header.end + deflatedBytes
    this.#parsed++
    this.#options.tally.addEntryBytes(header.size)
    this.#options.onEntry({ offset, header, content })
  }
}

/** A stream of empty blocks inflates to nothing, for ever. */
function assertBounded(deflatedBytes: number, { size }: EntryHeader): void {
  if (deflatedBytes <= 2 * size + DEFLATED_SLACK_BYTES) return
  throw corrupt('has an object that deflates to more than it can')
}

function mayBeLarge({ kind }: EntryHeader): boolean {
  return kind.type === 'blob' || isDelta(kind)
}

function decodePackHeader(bytes: Buffer): number {
  if (bytes.toString('latin1', 0, 4) !== 'PACK') throw corrupt('does not start with PACK')
  const version = bytes.readUInt32BE(4)
  if (version !== 2 && version !== 3) throw corrupt(`has the unknown version ${version}`)
  return bytes.readUInt32BE(8)
}
