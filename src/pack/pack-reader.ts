// Reads a pack as it arrives: each entry is resolved and hashed once, while the next is
// still on its way, and every oid is computed from the bytes received. What `finish` has
// passed is verified whole. Memory is bounded, however large the pack or an object in it.

import { SyncError } from '../base/errors.js'
import { corrupt } from '../git/corrupt.js'
import { type DeltaKind, isDelta } from '../git/entry-header.js'
import { hashObject, type LargeBlob, type ObjectType, type StoredObject } from '../git/object.js'
import type { ObjectFormat, Oid } from '../git/oid.js'
import type { WholeMemory } from '../git/whole-objects.js'
import type { VolumeFile } from '../volume/open-file.js'
import { buildObject } from './build-object.js'
import { type Base, EntryList } from './entry-list.js'
import { EntryParser, type ParsedEntry } from './entry-parser.js'
import { asBase, baseMissing, basesMissing } from './missing-base.js'
import type { PackRoom, PackTally } from './pack-room.js'

export interface PackReaderOptions {
  objectFormat: ObjectFormat
  /** An object outside the pack, as a base for thin packs; undefined where it is not at hand. */
  findBase: (oid: Oid) => StoredObject | undefined
  /**
   * Told of each object as soon as it is resolved; it is not verified yet that the pack is whole.
   * Returns whether `findKept` has it from then on, so that nothing need be kept of it here.
   */
  onObject?: (oid: Oid, object: StoredObject) => boolean
  /** An object of which `onObject` said that it is kept; undefined where it was changed since. */
  findKept?: (oid: Oid) => StoredObject | undefined
  /** Told of the bytes of the pack, before they are taken apart. @default nobody is */
  onBytes?: ((bytes: Buffer) => void) | undefined
  /** What all packs of the sync have together. */
  room: PackRoom
  /** From this size on, in bytes, a blob or a delta goes to a file. */
  largeBytes: number
  /** Names a new file, which is the caller's to remove. */
  createFile: () => VolumeFile
  /** For what must be held whole. */
  memory: WholeMemory
  /** Asked often; throws when the work is to be given up. */
  checkpoint: () => void
}

/** What is remembered of each entry, and of each one that waits for its base, in bytes. */
const [ENTRY_BYTES, WAITING_BYTES] = [64, 320]
/** Memory is taken for so many entries at once: few, as there may be a thousand small packs. */
const ENTRIES_STEP = 256

/** The entries of a pack, in its order. */
export type PackEntries = Pick<EntryList, 'count' | 'offsetOf' | 'oids' | 'outsideBases'>

/** The verified objects of a whole pack. */
export interface Pack {
  readonly bytes: number
  has(oid: Oid): boolean
  /** Throws `pack-incomplete` where the pack lacks the object. */
  read(oid: Oid): StoredObject
}

export class PackReader implements Pack {
  readonly #options: PackReaderOptions
  readonly #parser: EntryParser
  readonly #entries: EntryList
  readonly #tally: PackTally
  /** What is in files, by entry: large objects, and large deltas. */
  readonly #large = new Map<number, LargeBlob>()
  readonly #largeDeltas = new Map<number, LargeBlob>()
  /** The entries that wait for an entry, or for an oid. */
  readonly #waiting = new Map<number | Oid, number[]>()

  constructor(options: PackReaderOptions) {
    this.#options = options
    this.#entries = new EntryList(options.objectFormat)
    const tally = options.room.count()
    this.#tally = tally
    this.#parser = new EntryParser({
      ...options,
      tally,
      onEntry: (entry) => this.#add(entry),
      needed: (start, end) => this.#entries.needed(start, end),
    })
  }

  get bytes(): number {
    return this.#parser.bytes
  }

  /** Takes the next bytes of the pack. Throws `pack-corrupt` as soon as they make no sense. */
  write(chunk: Buffer): Promise<void> {
    this.#options.onBytes?.(chunk)
    return this.#parser.write(chunk)
  }

  /** Verifies the whole. Throws `pack-corrupt`, or `base-missing` where bases are missing. */
  async finish(): Promise<Pack> {
    await this.#parser.finish()
    for (const awaited of [...this.#waiting.keys()]) {
      if (typeof awaited === 'string') this.#retry(awaited)
    }
    if (this.#waiting.size === 0) return this
    throw basesMissing(this.#entries.unresolvedCount)
  }

  has(oid: Oid): boolean {
    return this.#entries.find(oid) !== undefined
  }

  read(oid: Oid): StoredObject {
    const entry = this.#entries.find(oid)
    if (entry !== undefined) return this.#object(entry)
    throw new SyncError(
      'pack-incomplete',
      `The received pack has not the object ${oid}; it is fetched again later`,
    )
  }

  /** What is known of the entries of a pack that is whole. */
  get entries(): PackEntries {
    return this.#entries
  }

  /** Frees memory and files; nothing may be read any more. */
  close(): void {
    this.#parser.close()
    this.#tally.close()
  }

  #add({ offset, header: { kind }, content }: ParsedEntry): void {
    this.#options.checkpoint()
    this.#holdEntries()
    if (!isDelta(kind)) {
      this.#settle(this.#entries.add(offset, undefined), asObject(kind.type, content))
      return
    }
    const base = this.#baseOf(kind, offset)
    const index = this.#entries.add(offset, base)
    if (!Buffer.isBuffer(content)) this.#largeDeltas.set(index, content)
    const baseObject = this.#baseObject(base)
    if (baseObject) this.#settle(index, buildObject(baseObject, content, this.#options))
    else this.#wait(index, base)
  }

  /** A pack of a few megabytes can have half a million entries. */
  #holdEntries(): void {
    const { count, unresolvedCount } = this.#entries
    if (count % ENTRIES_STEP !== 0) return
    const bytes = (count + ENTRIES_STEP) * ENTRY_BYTES + unresolvedCount * WAITING_BYTES
    this.#options.memory.hold('entries', bytes)
  }

  #baseOf(kind: DeltaKind, offset: number): number | Oid {
    if (kind.type === 'ref-delta') return this.#entries.find(kind.base) ?? kind.base
    const base = this.#entries.startingAt(offset - kind.distance)
    if (base === undefined) throw corrupt('has a delta against something that is no object')
    return base
  }

  /** The object to build on; undefined where there is none, or none yet. */
  #baseObject(base: Base): StoredObject | undefined {
    if (typeof base === 'string') return this.#options.findBase(base)
    const isAtHand = base !== undefined && this.#entries.isResolved(base)
    return isAtHand ? this.#object(base) : undefined
  }

  #wait(index: number, base: number | Oid): void {
    const waiting = this.#waiting.get(base)
    if (waiting) waiting.push(index)
    else this.#waiting.set(base, [index])
  }

  /** Tries again what waits for an object outside the pack, now that all of it has arrived. */
  #retry(oid: Oid): void {
    const waiting = this.#waiting.get(oid)
    const base = waiting && this.#options.findBase(oid)
    if (!base) return
    this.#waiting.delete(oid)
    for (const index of waiting) this.#settle(index, this.#build(index, base))
  }

  /** Names the object of an entry, then all that waited for it, without recursion. */
  #settle(first: number, object: StoredObject): void {
    const ready: number[] = []
    this.#name(first, object, ready)
    for (let index = ready.pop(); index !== undefined; index = ready.pop()) {
      this.#options.checkpoint()
      const base = this.#baseObject(this.#entries.baseOf(index))
      this.#name(index, this.#build(index, base), ready)
    }
  }

  /** Notes the oid of an entry's object, and adds to `ready` what waited for it. */
  #name(index: number, object: StoredObject, ready: number[]): void {
    this.#tally.addObjectBytes('body' in object ? object.body.length : object.size)
    const oid = this.#oidOf(object)
    const isNew = this.#entries.resolve(index, oid)
    this.#keep(index, object)
    for (const awaited of [index, oid]) {
      for (const waiting of this.#waiting.get(awaited) ?? []) {
        this.#entries.setBase(waiting, index)
        ready.push(waiting)
      }
      this.#waiting.delete(awaited)
    }
    if (isNew && this.#options.onObject?.(oid, object)) this.#letGo(index)
  }

  #oidOf(object: StoredObject): Oid {
    if (!('body' in object)) return object.oid
    return hashObject(object.type, object.body, this.#options.objectFormat)
  }

  /** Keeps nothing of an entry, but for a while in memory. */
  #letGo(index: number): void {
    this.#entries.leave(index)
    for (const files of [this.#large, this.#largeDeltas]) {
      files.get(index)?.file.remove()
      files.delete(index)
    }
  }

  #keep(index: number, object: StoredObject): void {
    this.#keepInMemory(index, object)
    if (!('body' in object)) this.#large.set(index, object)
  }

  #kept(index: number): StoredObject | undefined {
    const kept =
      this.#options.room.cache.get(this.#tally.firstKey + index) ?? this.#large.get(index)
    const elsewhere = kept ? undefined : this.#entries.elsewhere(index)
    if (elsewhere === undefined) return kept
    const found = asBase(this.#options.findKept?.(elsewhere))
    this.#keepInMemory(index, found)
    return found
  }

  #keepInMemory(index: number, object: StoredObject): void {
    if ('body' in object) this.#options.room.cache.set(this.#tally.firstKey + index, object)
  }

  /** Reads a resolved entry again; long chains are followed without recursion. */
  #object(index: number): StoredObject {
    const chain: number[] = []
    let base: Base = index
    let object: StoredObject | undefined
    while (typeof base === 'number') {
      object = this.#kept(base)
      if (object) break
      chain.push(base)
      base = this.#entries.baseOf(base)
    }
    if (typeof base === 'string') object = this.#options.findBase(base)
    for (const entry of chain.reverse()) {
      this.#options.checkpoint()
      object = this.#rebuild(entry, object)
      this.#keep(entry, object)
    }
    return object as StoredObject
  }

  /** Builds a resolved object again. The large file that it builds on may be another one by now. */
  #rebuild(index: number, base: StoredObject | undefined): StoredObject {
    const object = this.#build(index, base)
    const isSure = !base || 'body' in base || base.isTemporary
    if (isSure || this.#oidOf(object) === this.#entries.oidOf(index)) return object
    throw baseMissing()
  }

  /** Builds the object of an entry that has been parsed before. */
  #build(index: number, base: StoredObject | undefined): StoredObject {
    const largeDelta = this.#largeDeltas.get(index)
    if (largeDelta) return buildObject(asBase(base), largeDelta, this.#options)
    const start = this.#entries.offsetOf(index) as number
    const { kind, body } = this.#parser.readAgain(start, this.#entries.offsetOf(index + 1))
    return isDelta(kind)
      ? buildObject(asBase(base), body, this.#options)
      : { type: kind.type, body }
  }
}

/** The object that a whole entry is. */
function asObject(type: ObjectType, content: Buffer | LargeBlob): StoredObject {
  return Buffer.isBuffer(content) ? { type, body: content } : content
}
