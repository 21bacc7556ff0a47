// Reads a pack as it arrives: each entry is resolved and hashed once, while the next is
// still on its way, and every oid is computed from the bytes received. What `finish` has
// passed is verified whole. Memory is bounded, however large the pack or an object in it.
import { SyncError } from '../base/errors.js'
import { corrupt, type EntryHeader } from '../git/entry-header.js'
import { hashObject, type LargeBlob, type StoredObject } from '../git/object.js'
import { ObjectCache } from '../git/object-cache.js'
import type { ObjectFormat, Oid } from '../git/oid.js'
import { buildObject, isDelta } from './build-object.js'
import { EntryParser, type ParsedEntry } from './entry-parser.js'

export interface PackReaderOptions {
  objectFormat: ObjectFormat
  /** An object outside the pack, as a base for thin packs; undefined where it is not at hand. */
  findBase: (oid: Oid) => StoredObject | undefined
  /** Told of each object as soon as it is resolved; it is not verified yet that the pack is whole. */
  onObject?: (oid: Oid, object: StoredObject) => void
  /** How many bytes of inflated objects are kept for later use. */
  cacheBytes: number
  /** How many bytes of the pack stay in memory. */
  memoryBytes: number
  /** From this size on, in bytes, a blob or a delta goes to a file. */
  largeBytes: number
  /** Names a new file, which is the caller's to remove. */
  createFile: () => string
}

/** The verified objects of a whole pack. */
export interface Pack {
  readonly bytes: number
  has(oid: Oid): boolean
  /** Throws `pack-incomplete` where the pack lacks the object. */
  read(oid: Oid): StoredObject
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
  readonly #parser: EntryParser
  readonly #entries: Entry[] = []
  readonly #entryAt = new Map<number, number>()
  readonly #entryOf = new Map<Oid, number>()
  readonly #cache: ObjectCache
  /** What is in files, by entry: large objects, and large deltas. */
  readonly #large = new Map<number, LargeBlob>()
  readonly #largeDeltas = new Map<number, LargeBlob>()
  /** The entries that wait for an entry, or for an oid. */
  readonly #waiting = new Map<number | Oid, number[]>()

  constructor(options: PackReaderOptions) {
    this.#options = options
    this.#parser = new EntryParser({ ...options, onEntry: (entry) => this.#add(entry) })
    this.#cache = new ObjectCache(options.cacheBytes)
  }

  get bytes(): number {
    return this.#parser.bytes
  }

  /** Takes the next bytes of the pack. Throws `pack-corrupt` as soon as they make no sense. */
  write(chunk: Buffer): Promise<void> {
    return this.#parser.write(chunk)
  }

  /** Verifies the whole. Throws `pack-corrupt`, or `base-missing` where bases are missing. */
  async finish(): Promise<Pack> {
    await this.#parser.finish()
    for (const awaited of [...this.#waiting.keys()]) {
      if (typeof awaited === 'string') this.#retry(awaited)
    }
    if (this.#waiting.size === 0) return this
    const count = this.#entries.filter(({ isResolved }) => !isResolved).length
    throw new SyncError(
      'base-missing',
      `The received pack has ${count} deltas whose base is not at hand; everything is fetched anew`,
    )
  }

  has(oid: Oid): boolean {
    return this.#entryOf.has(oid)
  }

  read(oid: Oid): StoredObject {
    const entry = this.#entryOf.get(oid)
    if (entry !== undefined) return this.#object(entry)
    throw new SyncError(
      'pack-incomplete',
      `The received pack has not the object ${oid}; it is fetched again later`,
    )
  }

  /** Frees memory and files; nothing may be read any more. */
  close(): void {
    this.#parser.close()
  }

  #add({ offset, header, content }: ParsedEntry): void {
    const base = this.#baseOf(header, offset)
    const index = this.#entries.push({ offset, header, base, isResolved: false }) - 1
    this.#entryAt.set(offset, index)
    if (!Buffer.isBuffer(content) && isDelta(header)) this.#largeDeltas.set(index, content)
    const object = buildObject(header, this.#baseObject(base), content, this.#options)
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
  #baseObject(base: Base): StoredObject | undefined {
    if (typeof base === 'string') return this.#options.findBase(base)
    const isAtHand = base !== undefined && this.#entry(base).isResolved
    return isAtHand ? this.#object(base) : undefined
  }

  #wait(index: number, base: number | Oid): void {
    const waiting = this.#waiting.get(base)
    if (waiting) waiting.push(index)
    else this.#waiting.set(base, [index])
  }

  /** Tries again what waits for an object outside the pack, now that all of it has arrived. */
  #retry(oid: Oid): void {
    const base = this.#options.findBase(oid)
    const waiting = base && this.#waiting.get(oid)
    if (!waiting) return
    this.#waiting.delete(oid)
    for (const index of waiting) {
      const object = this.#build(index, base)
      if (object) this.#settle(index, object)
    }
  }

  /** Names the object of an entry, then all that waited for it, without recursion. */
  #settle(first: number, object: StoredObject): void {
    const ready: number[] = []
    this.#name(first, object, ready)
    for (let index = ready.pop(); index !== undefined; index = ready.pop()) {
      const built = this.#build(index, this.#baseObject(this.#entry(index).base))
      if (built) this.#name(index, built, ready)
    }
  }

  /** Notes the oid of an entry's object, and adds to `ready` what waited for it. */
  #name(index: number, object: StoredObject, ready: number[]): void {
    const oid =
      'body' in object
        ? hashObject(object.type, object.body, this.#options.objectFormat)
        : object.oid
    this.#entry(index).isResolved = true
    if (!this.#entryOf.has(oid)) this.#entryOf.set(oid, index)
    this.#keep(index, object)
    for (const awaited of [index, oid]) {
      for (const waiting of this.#waiting.get(awaited) ?? []) {
        this.#entry(waiting).base = index
        ready.push(waiting)
      }
      this.#waiting.delete(awaited)
    }
    this.#options.onObject?.(oid, object)
  }

  #keep(index: number, object: StoredObject): void {
    if ('body' in object) this.#cache.set(index, object)
    else this.#large.set(index, object)
  }

  /** Reads a resolved entry again; long chains are followed without recursion. */
  #object(index: number): StoredObject {
    const chain: number[] = []
    let base: Base = index
    let object: StoredObject | undefined
    while (typeof base === 'number') {
      object = this.#cache.get(base) ?? this.#large.get(base)
      if (object) break
      chain.push(base)
      base = this.#entry(base).base
    }
    if (typeof base === 'string') object = this.#options.findBase(base)
    for (const entry of chain.reverse()) {
      object = this.#build(entry, object)
      if (!object) throw corrupt('has a delta whose base is gone')
      this.#keep(entry, object)
    }
    return object as StoredObject
  }

  /** Builds the object of an entry that has been parsed before. */
  #build(index: number, base: StoredObject | undefined): StoredObject | undefined {
    const { offset, header } = this.#entry(index)
    const content = this.#largeDeltas.get(index) ?? this.#parser.inflateAgain(offset, header)
    return buildObject(header, base, content, this.#options)
  }

  #entry(index: number): Entry {
    return this.#entries[index] as Entry
  }
}
