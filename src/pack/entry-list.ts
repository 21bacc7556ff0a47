// What is remembered of each entry of a pack: about 50 bytes, as there may be millions.
import { type ObjectFormat, type Oid, oidBytes } from '../git/oid.js'
import type { Part } from './pack-bytes.js'

/** What an entry builds on: nothing, an earlier entry, or an oid that is not in the pack yet. */
export type Base = undefined | number | Oid

/** In place of the number of a base. */
const [NO_BASE, OUTSIDE] = [-1, -2]

/** What is known of an entry's object: nothing yet, its oid, and that the pack need not have it. */
const [UNRESOLVED, RESOLVED, ELSEWHERE] = [0, 1, 2]

export class EntryList {
  readonly #oidBytes: number
  #count = 0
  #unresolvedCount = 0
  /** Where each entry starts in the pack, in ascending order. */
  #offsets = new Float64Array()
  /** The number of each entry's base. */
  #bases = new Int32Array()
  /** Of entries whose base is not in the pack yet. */
  readonly #outside = new Map<number, Oid>()
  /** The oid of each entry's object, once it is resolved. */
  #oids = Buffer.alloc(0)
  #states = new Uint8Array()
  /** A hash table: where an oid belongs, or in one of the next places, one more than its entry. */
  #places = new Int32Array(1024)
  /** Which bytes of an oid say where: nobody can make objects that all belong in one place. */
  readonly #hashedAt: number

  constructor(format: ObjectFormat) {
    this.#oidBytes = oidBytes(format)
    this.#hashedAt = Math.floor(Math.random() * (this.#oidBytes - 3))
  }

  /** How many entries there are. */
  get count(): number {
    return this.#count
  }

  /** How many entries have no object yet. */
  get unresolvedCount(): number {
    return this.#unresolvedCount
  }

  /** Adds the next entry, unresolved, and returns its index. */
  add(offset: number, base: Base): number {
    const index = this.#count++
    if (index === this.#offsets.length) this.#grow()
    this.#offsets[index] = offset
    this.#unresolvedCount++
    this.#bases[index] = typeof base === 'number' ? base : base === undefined ? NO_BASE : OUTSIDE
    if (typeof base === 'string') this.#outside.set(index, base)
    return index
  }

  /** Where an entry starts; undefined for one that is not there yet. */
  offsetOf(index: number): number | undefined {
    return index < this.#count ? this.#offsets[index] : undefined
  }

  /** The entry that starts at `offset`; undefined where none does. */
  startingAt(offset: number): number | undefined {
    const index = this.#firstFrom(offset)
    return this.offsetOf(index) === offset ? index : undefined
  }

  /**
   * Where bytes lie, from `start` up to `end`, of entries whose objects are not elsewhere; the last
   * entry ends with `end`.
   */
  *needed(start: number, end: number): Generator<Part> {
    // The one before may reach into it.
    let index = Math.max(0, this.#firstFrom(start + 1) - 1)
    while (index < this.#count && (this.#offsets[index] as number) < end) {
      const first = index
      while (index < this.#count && this.#states[index] !== ELSEWHERE) index++
      const from = Math.max(start, this.#offsets[first] as number)
      const to = Math.min(end, index < this.#count ? (this.#offsets[index] as number) : end)
      if (index > first && from < to) yield [from, to]
      while (index < this.#count && this.#states[index] === ELSEWHERE) index++
    }
  }

  baseOf(index: number): Base {
    const base = this.#bases[index] as number
    return base === OUTSIDE ? this.#outside.get(index) : base === NO_BASE ? undefined : base
  }

  setBase(index: number, base: number): void {
    this.#bases[index] = base
    this.#outside.delete(index)
  }

  /** The bases that are not in the pack, once all entries are resolved. */
  get outsideBases(): Set<Oid> {
    const bases = new Set<Oid>()
    for (const oid of this.#outside.values()) if (this.find(oid) === undefined) bases.add(oid)
    return bases
  }

  /** The binary oids of all entries, one after the other, once they are resolved. */
  get oids(): Buffer {
    return this.#oids.subarray(0, this.#count * this.#oidBytes)
  }

  /** Whether the object of an entry was computed; then also those of all it builds on. */
  isResolved(index: number): boolean {
    return this.#states[index] !== UNRESOLVED
  }

  /** Says that the object of an entry, which is resolved, can be had without the pack. */
  leave(index: number): void {
    this.#states[index] = ELSEWHERE
  }

  /** The oid of an entry's object where it is to be had without the pack. */
  elsewhere(index: number): Oid | undefined {
    return this.#states[index] === ELSEWHERE ? this.oidOf(index) : undefined
  }

  /** The oid of an entry's object, which is resolved. */
  oidOf(index: number): Oid {
    return this.#oidAt(index).toString('hex')
  }

  /** Names the object of an entry; false where an earlier entry has the same. */
  resolve(index: number, oid: Oid): boolean {
    this.#states[index] = RESOLVED
    this.#unresolvedCount--
    this.#oids.write(oid, index * this.#oidBytes, 'hex')
    const place = this.#placeOf(this.#oidAt(index))
    if (this.#places[place] !== 0) return false
    this.#places[place] = index + 1
    return true
  }

  /** The first entry that was resolved to an object; undefined where none was. */
  find(oid: Oid): number | undefined {
    if (oid.length !== 2 * this.#oidBytes) return undefined
    const entry = this.#places[this.#placeOf(Buffer.from(oid, 'hex'))] as number
    return entry === 0 ? undefined : entry - 1
  }

  /** The first entry that starts at `offset` or later, or how many there are. */
  #firstFrom(offset: number): number {
    let low = 0
    let high = this.#count
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#offsets[middle] as number) < offset) low = middle + 1
      else high = middle
    }
    return low
  }

  #oidAt(index: number): Buffer {
    return this.#oids.subarray(index * this.#oidBytes, (index + 1) * this.#oidBytes)
  }

  /** Where an oid is among the places, or could be put. */
  #placeOf(oid: Buffer): number {
    const mask = this.#places.length - 1
    for (let place = oid.readUInt32LE(this.#hashedAt) & mask; ; place = (place + 1) & mask) {
      const entry = this.#places[place] as number
      if (entry === 0 || this.#oidAt(entry - 1).equals(oid)) return place
    }
  }

  /** Doubles the room; half of the places stay free. */
  #grow(): void {
    const room = Math.max(512, 2 * this.#offsets.length)
    this.#offsets = grown(this.#offsets, new Float64Array(room))
    this.#bases = grown(this.#bases, new Int32Array(room))
    this.#states = grown(this.#states, new Uint8Array(room))
    this.#oids = grown(this.#oids, Buffer.alloc(room * this.#oidBytes))
    const before = this.#places
    this.#places = new Int32Array(2 * room)
    for (const entry of before) {
      if (entry !== 0) this.#places[this.#placeOf(this.#oidAt(entry - 1))] = entry
    }
  }
}

/** Copies what there is to where there is more room. */
function grown<T extends Float64Array | Int32Array | Uint8Array>(from: T, to: T): T {
  to.set(from)
  return to
}
