// Reads single objects out of a pack on disk, at the price of those objects.
// https://git-scm.com/docs/pack-format
import { closeSync, fstatSync, readSync } from 'node:fs'
import { Readable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { constants, createInflate, inflateSync } from 'node:zlib'
import { bufferSource } from '../../git/byte-source.js'
import { corrupt } from '../../git/corrupt.js'
import { applyDelta, type DeltaHeader, decodeDeltaHeader } from '../../git/delta.js'
import {
  type DeltaKind,
  decodeEntryHeader,
  type EntryHeader,
  encodeEntryHeader,
  isDelta,
  MAX_HEADER_BYTES,
} from '../../git/entry-header.js'
import { inflate } from '../../git/inflate.js'
import type { GitObject } from '../../git/object.js'
import type { ObjectCache } from '../../git/object-cache.js'
import type { ObjectFormat, Oid } from '../../git/oid.js'
import { expectGarbage, MAPPED_BYTES } from '../../thread/garbage.js'
import { PackIndex } from './pack-index.js'
import {
  ALL_TYPES,
  type EnsureHoldable,
  MAX_WHOLE_BYTES,
  type WantedTypes,
  withoutContent,
} from './whole-object.js'

/** Small objects come with their header in one read of this many bytes. */
const FIRST_READ_BYTES = 4096
/** What was read last of an entry: a buffer for each would be most of what reading takes. */
const FIRST_BYTES = Buffer.allocUnsafe(FIRST_READ_BYTES)
/** Larger objects are copied in pieces of this size, and never held whole. */
const PIECE_BYTES = 64 * 1024
const WHOLE_BYTES = 1 << 20
/** How often a base is looked for elsewhere whose own one is here again; git itself makes no such pack. */
const MAX_RETURNS = 10

/** What a pack is a part of. */
export interface PackOwner {
  readonly objectFormat: ObjectFormat
  /** Deltas share their bases, trees above all; the keys are pack and offset. */
  readonly cache: ObjectCache<string>
  /** Asked before an object is held whole. */
  readonly ensureHoldable: EnsureHoldable
  /** Asked before each delta is applied, as a chain may be long; throws when the work is given up. */
  readonly checkpoint?: () => void
  /** Finds bases that a pack does not hold. */
  read(oid: Oid, wanted: WantedTypes): GitObject
}

/** An entry of a pack, in pieces. */
export type EncodedEntry = Iterable<Buffer> | AsyncIterable<Buffer>

/**
 * How many bytes before an entry that is written to another pack the one is that was at `base` in
 * this one; `later` where it follows, undefined where it does not come.
 */
export type DistanceTo = (base: number) => number | 'later' | undefined

interface PackedObject {
  header: EntryHeader
  /** Where the deflated bytes start in the pack. */
  start: number
  /** The first deflated bytes, good until the next entry is looked at. */
  first: Buffer
}

/** How the files of a pack are reached. */
export interface PackPaths {
  /** Names the index, for people. */
  indexFile: string
  /** Each returns a descriptor, which is the pack's to close. */
  openIndex(): number
  openPack(): number
}

export class PackFile {
  readonly #store: PackOwner
  readonly #file: string
  readonly #index: PackIndex
  readonly #fd: number
  readonly #size: number
  /** How many objects are being read here, each for the sake of the one before. */
  #reading = 0

  constructor(paths: PackPaths, store: PackOwner) {
    this.#store = store
    this.#index = new PackIndex(paths.openIndex(), paths.indexFile, store.objectFormat)
    this.#file = paths.indexFile.replace(/\.idx$/, '.pack')
    this.#fd = this.#openPack(paths)
    this.#size = fstatSync(this.#fd).size
  }

  /** What it has, by its index. */
  get index(): PackIndex {
    return this.#index
  }

  /** In bytes. */
  get size(): number {
    return this.#size
  }

  /** Where an object starts, or undefined where the pack does not hold it. */
  find(oid: Oid): number | undefined {
    return this.#index.find(Buffer.from(oid, 'hex'))
  }

  close(): void {
    this.#index.close()
    closeSync(this.#fd)
  }

  /** The object at `offset`, whole where its type is wanted. */
  read(offset: number, wanted: WantedTypes = ALL_TYPES): GitObject {
    if (this.#reading > MAX_RETURNS) throw corrupt('has a delta that builds on itself')
    this.#reading++
    try {
      return this.#read(offset, wanted)
    } finally {
      this.#reading--
    }
  }

  #read(offset: number, wanted: WantedTypes): GitObject {
    const { ensureHoldable } = this.#store
    // They are many where a chain is long: each is read when it is its turn.
    const deltas: number[] = []
    const visited = new Set<number>()
    let position = offset
    let object = this.#cached(position)
    while (!object) {
      if (visited.has(position)) throw corrupt('has a delta that builds on itself')
      visited.add(position)
      const entry = this.#entryAt(position)
      const { kind } = entry.header
      if (isDelta(kind)) {
        deltas.push(position)
        const base = this.#baseOf(kind, position)
        if (typeof base === 'string') object = this.#store.read(base, wanted)
        else {
          position = base
          object = this.#cached(base)
        }
      } else {
        if (!wanted.has(kind.type)) return withoutContent(kind.type)
        ensureHoldable(kind.type, entry.header.size)
        object = { type: kind.type, body: this.#inflate(entry).body }
        this.#cache(position, object)
      }
    }
    const { type } = object
    if (!wanted.has(type)) return withoutContent(type)
    let { body } = object
    for (const at of deltas.reverse()) {
      this.#store.checkpoint?.()
      const entry = this.#entryAt(at)
      ensureHoldable(type, entry.header.size)
      const delta = this.#inflate(entry).body
      // A few copies of a base make an object of any size.
      ensureHoldable(type, decodeDeltaHeader(bufferSource(delta)).size)
      body = applyDelta(body, delta)
      this.#cache(at, { type, body })
    }
    return { type, body }
  }

  /** What the entry at `offset` is, and where its deflated bytes start. */
  headerAt(offset: number): EntryHeader & { start: number } {
    const { header, start } = this.#entryAt(offset, MAX_HEADER_BYTES)
    return { ...header, start }
  }

  /** Where the base of the delta at `offset` is; undefined where no delta is, or its base is elsewhere. */
  baseAt(offset: number): number | undefined {
    const { kind } = this.#entryAt(offset, MAX_HEADER_BYTES).header
    const base = isDelta(kind) ? this.#baseOf(kind, offset) : undefined
    return typeof base === 'number' ? base : undefined
  }

  /** How large the base of the delta at `offset` is, and what it makes of that, in bytes. */
  deltaHeaderAt(offset: number): DeltaHeader {
    const { first } = this.#entryAt(offset)
    // No more than the start of it is at hand.
    const start = inflateSync(first, { finishFlush: constants.Z_SYNC_FLUSH })
    return decodeDeltaHeader(bufferSource(start))
  }

  /** The bytes of the pack from `start` up to `end`, in pieces. */
  pieces(start: number, end: number): Generator<Buffer> {
    return this.#pieces(start, end)
  }

  /**
   * The object at `offset` as an entry of another pack, its deflated bytes as they are; or undefined
   * where it is a delta whose base is not there.
   */
  copyEntry(offset: number, distanceTo: DistanceTo): EncodedEntry | undefined {
    const entry = this.#entryAt(offset)
    const { kind, size } = entry.header
    const copied = isDelta(kind) ? this.#deltaThere(kind, offset, distanceTo) : kind
    if (!copied) return undefined
    const header = encodeEntryHeader(copied, size)
    if (size > WHOLE_BYTES) return this.#copyLarge(header, entry.start)
    return [Buffer.concat([header, this.#inflate(entry).deflated])]
  }

  #deltaThere(kind: DeltaKind, offset: number, distanceTo: DistanceTo): DeltaKind | undefined {
    const base = this.#baseOf(kind, offset)
    const distance = typeof base === 'string' ? undefined : distanceTo(base)
    if (distance === undefined) return undefined
    return distance === 'later' ? kind : { type: 'ofs-delta', distance }
  }

  /** Where the base of the delta at `offset` is, or, where it is not in this pack, what it is. */
  #baseOf(kind: DeltaKind, offset: number): number | Oid {
    return kind.type === 'ofs-delta' ? offset - kind.distance : (this.find(kind.base) ?? kind.base)
  }

  #openPack({ openPack }: PackPaths): number {
    try {
      return openPack()
    } catch (error) {
      this.#index.close()
      throw error
    }
  }

  async *#copyLarge(header: Buffer, start: number): AsyncGenerator<Buffer> {
    yield header
    const end = start + (await deflatedLength(this.#pieces(start, this.#size)))
    yield* this.#pieces(start, end)
  }

  *#pieces(start: number, end: number): Generator<Buffer> {
    for (let position = start; position < end; position += PIECE_BYTES) {
      yield this.#bytes(position, Math.min(PIECE_BYTES, end - position))
    }
  }

  #cached(offset: number): GitObject | undefined {
    return this.#store.cache.get(`${this.#file}:${offset}`)
  }

  #cache(offset: number, object: GitObject): void {
    this.#store.cache.set(`${this.#file}:${offset}`, object)
  }

  #entryAt(offset: number, length = FIRST_READ_BYTES): PackedObject {
    // What a delta, or the index, says may lie anywhere.
    if (!(offset >= 0 && offset < this.#size)) throw corrupt('names what lies outside of it')
    const bytes = FIRST_BYTES.subarray(0, readSync(this.#fd, FIRST_BYTES, 0, length, offset))
    const header = decodeEntryHeader(bytes, 0, this.#store.objectFormat)
    if (!header) throw corrupt('is cut short')
    return { header, start: offset + header.end, first: bytes.subarray(header.end) }
  }

  /** `deflated` is good as long as the entry is. */
  #inflate({ header, start, first }: PackedObject): { body: Buffer; deflated: Buffer } {
    if (header.size > MAX_WHOLE_BYTES) throw corrupt('has an object too large to be held whole')
    // What does not shrink is a little larger when deflated.
    let length = header.size + (header.size >>> 10) + 64
    const longest = 4 * length + FIRST_READ_BYTES
    let deflated = first
    for (;;) {
      if (deflated.length < length) deflated = this.#bytes(start, length)
      const inflated = inflate(deflated, header.size)
      if (inflated) {
        return { body: inflated.body, deflated: deflated.subarray(0, inflated.deflatedBytes) }
      }
      if (start + length >= this.#size || length > longest) throw corrupt('is cut short')
      length *= 2
    }
  }

  #bytes(position: number, length: number): Buffer {
    const bytes = Buffer.allocUnsafe(Math.max(0, Math.min(length, this.#size - position)))
    return bytes.subarray(0, readSync(this.#fd, bytes, 0, bytes.length, position))
  }
}

/** How many bytes the zlib stream at the start of `pieces` takes. */
async function deflatedLength(pieces: Iterable<Buffer>): Promise<number> {
  const source = Readable.from(pieces)
  const inflater = source.pipe(createInflate({ chunkSize: MAPPED_BYTES }))
  inflater.on('data', ({ length }: Buffer) => expectGarbage(length))
  try {
    await finished(inflater, { writable: false })
    return inflater.bytesWritten
  } finally {
    source.destroy()
  }
}
