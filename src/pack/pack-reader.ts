// Reads a pack as it arrives: each entry is inflated, resolved and hashed once, while
// the next is still on its way. What `finish` returns is verified: trailer, object
// count, and every oid computed from the bytes received.
// https://git-scm.com/docs/pack-format
import { createHash, type Hash } from 'node:crypto'
import { SyncError } from '../base/errors.js'
import { type GitObject, hashObject } from '../git/object.js'
import { type ObjectFormat, type Oid, oidBytes } from '../git/oid.js'
import { applyDelta } from './delta.js'
import { corrupt, decodeEntryHeader, type EntryHeader } from './entry-header.js'
import { inflate } from './inflate.js'
import { ObjectCache } from './object-cache.js'
import { PackBytes } from './pack-bytes.js'

const HEADER_BYTES = 12

export interface PackReaderOptions {
  objectFormat: ObjectFormat
  /** An object outside the pack, as a base for thin packs; undefined where it is not at hand. */
  findBase: (oid: Oid) => GitObject | undefined
  /** How many bytes of inflated objects are kept for later use. */
  cacheBytes: number
}

/** The verified objects of a whole pack. */
export interface Pack {
  readonly bytes: number
  has(oid: Oid): boolean
  /** Throws `pack-incomplete` where the pack lacks the object. */
  read(oid: Oid): GitObject
}

interface Entry {
  /** Where its header starts in the pack. */
  offset: number
  header: EntryHeader
  /** Set once its base is known and its oid is computed. */
  oid: Oid | undefined
}

export class PackReader implements Pack {
  readonly #options: PackReaderOptions
  readonly #pack = new PackBytes()
  readonly #hash: Hash
  readonly #trailerBytes: number
  readonly #entries: Entry[] = []
  readonly #entryAt = new Map<number, number>()
  readonly #entryOf = new Map<Oid, number>()
  readonly #cache: ObjectCache
  #unresolved: number[] = []
  #objectCount: number | undefined
  /** Where the next entry starts. */
  #position = HEADER_BYTES
  #hashedTo = 0
  /** No use in trying again to parse before this many bytes have arrived. */
  #retryAt = HEADER_BYTES

  constructor(options: PackReaderOptions) {
    this.#options = options
    this.#hash = createHash(options.objectFormat)
    this.#trailerBytes = oidBytes(options.objectFormat)
    this.#cache = new ObjectCache(options.cacheBytes)
  }

  get bytes(): number {
    return this.#pack.length
  }

  /** Takes the next bytes of the pack. Throws `pack-corrupt` as soon as they make no sense. */
  write(chunk: Uint8Array): void {
    this.#pack.append(chunk)
    this.#hashUpTo(this.#pack.length - this.#trailerBytes)
    if (this.#pack.length >= this.#retryAt) this.#parse()
  }

  /** Verifies the whole and resolves what waited for a later base. */
  finish(): Pack {
    this.#parse()
    if (this.#objectCount === undefined || this.#entries.length < this.#objectCount)
      throw corrupt('ends too early')
    const trailerAt = this.#pack.length - this.#trailerBytes
    if (trailerAt < this.#position) throw corrupt('ends too early')
    if (trailerAt > this.#position) throw corrupt('goes on after its last object')
    if (!this.#pack.view(trailerAt).equals(this.#hash.digest()))
      throw corrupt('does not match its checksum')
    this.#resolveLate()
    return this
  }

  has(oid: Oid): boolean {
    return this.#entryOf.has(oid)
  }

  read(oid: Oid): GitObject {
    const entry = this.#entryOf.get(oid)
    if (entry === undefined) {
      throw new SyncError(
        'pack-incomplete',
        `The received pack lacks the object ${oid}; it is fetched again later`,
      )
    }
    return this.#object(entry)
  }

  #hashUpTo(end: number): void {
    if (end <= this.#hashedTo) return
    this.#hash.update(this.#pack.view(this.#hashedTo, end))
    this.#hashedTo = end
  }

  #parse(): void {
    if (this.#pack.length < HEADER_BYTES) return
    this.#objectCount ??= decodePackHeader(this.#pack.view(0, HEADER_BYTES))
    while (this.#entries.length < this.#objectCount) {
      const input = this.#pack.view(this.#position)
      const header = decodeEntryHeader(input, 0, this.#options.objectFormat)
      const inflated = header && inflate(input.subarray(header.end), header.size)
      if (!inflated) {
        // Twice the bytes before the next try keeps the work for a large object linear.
        this.#retryAt = this.#pack.length + input.length
        return
      }
      this.#add(header, inflated.body)
      this.#position += header.end + inflated.deflatedBytes
    }
  }

  #add(header: EntryHeader, body: Buffer): void {
    const index = this.#entries.push({ offset: this.#position, header, oid: undefined }) - 1
    this.#entryAt.set(this.#position, index)
    const object = this.#resolve(index, body)
    if (object) this.#settle(index, object)
    else this.#unresolved.push(index)
  }

  #settle(index: number, object: GitObject): void {
    const oid = hashObject(object.type, object.body, this.#options.objectFormat)
    this.#entry(index).oid = oid
    this.#entryOf.set(oid, index)
    this.#cache.set(index, object)
  }

  /** The object of an entry whose inflated bytes are `body`; undefined while its base is missing. */
  #resolve(index: number, body: Buffer): GitObject | undefined {
    const { kind } = this.#entry(index).header
    if (kind.type !== 'ofs-delta' && kind.type !== 'ref-delta') return { type: kind.type, body }
    const base = this.#base(index)
    return base && { type: base.type, body: applyDelta(base.body, body) }
  }

  #base(index: number): GitObject | undefined {
    const entry = this.#baseEntry(index)
    if (entry !== undefined)
      return this.#entry(entry).oid === undefined ? undefined : this.#object(entry)
    const { kind } = this.#entry(index).header
    return kind.type === 'ref-delta' ? this.#options.findBase(kind.base) : undefined
  }

  /** The entry that a delta builds on, where it lies in the pack and has arrived. */
  #baseEntry(index: number): number | undefined {
    const { offset, header } = this.#entry(index)
    if (header.kind.type === 'ref-delta') return this.#entryOf.get(header.kind.base)
    if (header.kind.type !== 'ofs-delta') return undefined
    const base = this.#entryAt.get(offset - header.kind.distance)
    if (base === undefined || base >= index)
      throw corrupt('has a delta against something that is no object')
    return base
  }

  /** Resolves the deltas whose base came after them, as long as that resolves any. */
  #resolveLate(): void {
    while (this.#unresolved.length > 0) {
      const waiting = this.#unresolved
      this.#unresolved = waiting.filter((index) => {
        const object = this.#resolve(index, this.#inflated(index))
        if (object) this.#settle(index, object)
        return !object
      })
      if (this.#unresolved.length === waiting.length) {
        throw new SyncError(
          'pack-incomplete',
          `The received pack has ${waiting.length} deltas without their base; it is fetched again later`,
        )
      }
    }
  }

  /** Reads a resolved entry again; long chains are followed without recursion. */
  #object(index: number): GitObject {
    const chain: number[] = []
    let object: GitObject | undefined
    for (let next: number | undefined = index; next !== undefined && !object; ) {
      object = this.#cache.get(next)
      if (object) break
      chain.push(next)
      const { kind }: EntryHeader = this.#entry(next).header
      const base: number | undefined = this.#baseEntry(next)
      if (base === undefined)
        object = kind.type === 'ref-delta' ? this.#options.findBase(kind.base) : undefined
      next = base
    }
    for (const entry of chain.reverse()) {
      const { kind } = this.#entry(entry).header
      const body = this.#inflated(entry)
      if (kind.type !== 'ofs-delta' && kind.type !== 'ref-delta') object = { type: kind.type, body }
      else if (object) object = { type: object.type, body: applyDelta(object.body, body) }
      if (object) this.#cache.set(entry, object)
    }
    if (!object) throw corrupt('has a delta whose base is gone')
    return object
  }

  #inflated(index: number): Buffer {
    const { offset, header } = this.#entry(index)
    const inflated = inflate(this.#pack.view(offset + header.end), header.size)
    if (!inflated) throw corrupt('changed while it was read')
    return inflated.body
  }

  #entry(index: number): Entry {
    return this.#entries[index] as Entry
  }
}

function decodePackHeader(bytes: Buffer): number {
  if (bytes.toString('latin1', 0, 4) !== 'PACK') throw corrupt('does not start with PACK')
  const version = bytes.readUInt32BE(4)
  if (version !== 2 && version !== 3) throw corrupt(`has the unknown version ${version}`)
  return bytes.readUInt32BE(8)
}
