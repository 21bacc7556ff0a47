// Reads a pack as it arrives: each entry is inflated, resolved and hashed once, while
// the next is still on its way. What `finish` returns is verified: trailer, object
// count, and every oid computed from the bytes received.
// https://git-scm.com/docs/pack-format
import { createHash, type Hash } from 'node:crypto'
import { SyncError } from '../base/errors.js'
import { applyDelta } from '../git/delta.js'
import { corrupt, decodeEntryHeader, type EntryHeader } from '../git/entry-header.js'
import { inflate } from '../git/inflate.js'
import { type GitObject, hashObject } from '../git/object.js'
import { ObjectCache } from '../git/object-cache.js'
import { type ObjectFormat, type Oid, oidBytes } from '../git/oid.js'
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

/** What an entry builds on: nothing, an earlier entry, or an oid that is not in the pack yet. */
type Base = undefined | number | Oid

interface Entry {
  /** Where its header starts in the pack. */
  offset: number
  header: EntryHeader
  base: Base
  /** Whether its object and oid were computed; then also those of all it builds on. */
  isResolved: boolean
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
  /** The entries that wait for an entry, or for an oid. */
  readonly #waiting = new Map<number | Oid, number[]>()
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

  /** Verifies the whole. Throws `pack-corrupt`, or `pack-incomplete` where bases are missing. */
  finish(): Pack {
    this.#parse()
    if (this.#objectCount === undefined || this.#entries.length < this.#objectCount)
      throw corrupt('ends too early')
    const trailerAt = this.#pack.length - this.#trailerBytes
    if (trailerAt < this.#position) throw corrupt('ends too early')
    if (trailerAt > this.#position) throw corrupt('goes on after its last object')
    if (!this.#pack.view(trailerAt).equals(this.#hash.digest()))
      throw corrupt('does not match its checksum')
    if (this.#waiting.size > 0)
      throw incomplete(`${this.#countUnresolved()} deltas without their base`)
    return this
  }

  has(oid: Oid): boolean {
    return this.#entryOf.has(oid)
  }

  read(oid: Oid): GitObject {
    const entry = this.#entryOf.get(oid)
    if (entry === undefined) throw incomplete(`not the object ${oid}`)
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
    const offset = this.#position
    const base = this.#baseOf(header, offset)
    const index = this.#entries.push({ offset, header, base, isResolved: false }) - 1
    this.#entryAt.set(offset, index)
    const object = build(header, this.#baseObject(base), body)
    if (object) this.#settle(index, object)
    else if (base !== undefined) this.#wait(index, base)
  }

  #baseOf({ kind }: EntryHeader, offset: number): Base {
    if (kind.type === 'ref-delta') return this.#entryOf.get(kind.base) ?? kind.base
    if (kind.type !== 'ofs-delta') return undefined
    const base = this.#entryAt.get(offset - kind.distance)
    if (base === undefined) throw corrupt('has a delta against something that is no object')
    return base
  }

  /** The object to build on; undefined where there is none, or none yet. */
  #baseObject(base: Base): GitObject | undefined {
    if (typeof base === 'string') return this.#options.findBase(base)
    const isAtHand = base !== undefined && this.#entry(base).isResolved
    return isAtHand ? this.#object(base) : undefined
  }

  #wait(index: number, base: number | Oid): void {
    const waiting = this.#waiting.get(base)
    if (waiting) waiting.push(index)
    else this.#waiting.set(base, [index])
  }

  /** Names the object of an entry, then all that waited for it, without recursion. */
  #settle(first: number, object: GitObject): void {
    const ready: number[] = []
    this.#name(first, object, ready)
    for (let index = ready.pop(); index !== undefined; index = ready.pop()) {
      const { header, base } = this.#entry(index)
      const built = build(header, this.#baseObject(base), this.#inflated(index))
      if (built) this.#name(index, built, ready)
    }
  }

  /** Computes the oid of an entry's object, and adds to `ready` what waited for it. */
  #name(index: number, object: GitObject, ready: number[]): void {
    const oid = hashObject(object.type, object.body, this.#options.objectFormat)
    this.#entry(index).isResolved = true
    if (!this.#entryOf.has(oid)) this.#entryOf.set(oid, index)
    this.#cache.set(index, object)
    for (const awaited of [index, oid]) {
      for (const waiting of this.#waiting.get(awaited) ?? []) {
        this.#entry(waiting).base = index
        ready.push(waiting)
      }
      this.#waiting.delete(awaited)
    }
  }

  #countUnresolved(): number {
    return this.#entries.filter(({ isResolved }) => !isResolved).length
  }

  /** Reads a resolved entry again; long chains are followed without recursion. */
  #object(index: number): GitObject {
    const chain: number[] = []
    let base: Base = index
    let object: GitObject | undefined
    while (typeof base === 'number') {
      object = this.#cache.get(base)
      if (object) break
      chain.push(base)
      base = this.#entry(base).base
    }
    if (typeof base === 'string') object = this.#options.findBase(base)
    for (const entry of chain.reverse()) {
      object = build(this.#entry(entry).header, object, this.#inflated(entry))
      if (!object) throw incomplete('a delta whose base is gone')
      this.#cache.set(entry, object)
    }
    return object as GitObject
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

/** The object that an entry's inflated bytes make; undefined where they need a base. */
function build(
  { kind }: EntryHeader,
  base: GitObject | undefined,
  body: Buffer,
): GitObject | undefined {
  if (kind.type !== 'ofs-delta' && kind.type !== 'ref-delta') return { type: kind.type, body }
  return base && { type: base.type, body: applyDelta(base.body, body) }
}

function decodePackHeader(bytes: Buffer): number {
  if (bytes.toString('latin1', 0, 4) !== 'PACK') throw corrupt('does not start with PACK')
  const version = bytes.readUInt32BE(4)
  if (version !== 2 && version !== 3) throw corrupt(`has the unknown version ${version}`)
  return bytes.readUInt32BE(8)
}

function incomplete(what: string): SyncError {
  return new SyncError(
    'pack-incomplete',
    `The received pack has ${what}; it is fetched again later`,
  )
}
