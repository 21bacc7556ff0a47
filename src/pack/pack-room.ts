// What all packs of one sync have together: the memory in which bytes and objects of theirs are
// kept, and the limits of one commit, however many submodules it takes.
import { type Limits, tooLarge } from '../git/limits.js'
import { ObjectCache } from '../git/object-cache.js'

export interface PackRoomOptions {
  /** How many bytes of packs stay in memory. */
  memoryBytes: number
  /** How many bytes of inflated objects are kept for later use. */
  cacheBytes: number
  limits: Limits
}

/** Bytes of a pack that can go to a file. */
export interface Spillable {
  /** Moves a block to the file, and returns its memory; undefined where there is none to move. */
  spill(): Buffer | undefined
}

/** No pack has so many entries. */
const MAX_ENTRIES = 2 ** 32

/** There may be so many objects beside files and directories: commits, and tags. */
const MAX_OTHER_OBJECTS = 1000

/** What is kept at most for reads across blocks, in bytes. */
const MAX_SCRATCH_BYTES = 4 * 1024 * 1024

/** What is counted: `objectBytes` of what entries are resolved to. */
interface Counts {
  packBytes: number
  entries: number
  entryBytes: number
  objectBytes: number
}

export class PackRoom {
  readonly limits: Limits
  /** Of all packs; each has keys of its own. */
  readonly cache: ObjectCache<number>
  readonly #memoryBytes: number
  /** Those that have blocks in memory, in the order in which they came. */
  readonly #spillable = new Set<Spillable>()
  #keptBytes = 0
  #packs = 0
  readonly #counts = noCounts()
  #scratch = Buffer.alloc(0)
  /** One that nobody has, for whoever takes the next. */
  #freeBlock: Buffer | undefined

  constructor({ cacheBytes, limits, memoryBytes }: PackRoomOptions) {
    this.limits = limits
    this.cache = new ObjectCache(cacheBytes)
    this.#memoryBytes = memoryBytes
  }

  /** Opens a tally for one more pack. */
  count(): PackTally {
    return new PackTally(this.#counts, this.limits, this.#packs++ * MAX_ENTRIES)
  }

  /** Memory of `bytes` for a pack; where there is no room, that of the oldest block of any. */
  take(bytes: number, pack: Spillable): Buffer {
    this.#spillable.add(pack)
    let spilled: Buffer | undefined
    while (this.#keptBytes + bytes > this.#memoryBytes) {
      spilled = this.#spillOldest()
      if (!spilled) break
      this.#keptBytes -= spilled.length
    }
    this.#keptBytes += bytes
    const block = spilled ?? this.#freeBlock
    this.#freeBlock = undefined
    return block?.length === bytes ? block : Buffer.allocUnsafeSlow(bytes)
  }

  /** Says that a pack has so many bytes less in memory. */
  give(bytes: number): void {
    this.#keptBytes -= bytes
  }

  /** Takes back the memory of a pack, for the next. */
  giveBlock(block: Buffer): void {
    this.#keptBytes -= block.length
    this.#freeBlock = block
  }

  /** Says that a pack has nothing in memory any more. */
  forget(pack: Spillable): void {
    this.#spillable.delete(pack)
  }

  /** Memory for what is read across blocks, the same for most, as there are many of them. */
  scratch(bytes: number): Buffer {
    if (bytes > MAX_SCRATCH_BYTES) return Buffer.allocUnsafeSlow(bytes)
    if (bytes > this.#scratch.length)
      this.#scratch = Buffer.allocUnsafeSlow(Math.min(2 * bytes, MAX_SCRATCH_BYTES))
    return this.#scratch.subarray(0, bytes)
  }

  #spillOldest(): Buffer | undefined {
    for (const pack of this.#spillable) {
      const block = pack.spill()
      if (block) return block
    }
    return undefined
  }
}

/** What one pack counts for; all of them together keep within the limits. */
export class PackTally {
  /** What is added to the number of an entry to have its key in the cache. */
  readonly firstKey: number
  readonly #all: Counts
  readonly #limits: Limits
  readonly #own = noCounts()

  constructor(all: Counts, limits: Limits, firstKey: number) {
    this.#all = all
    this.#limits = limits
    this.firstKey = firstKey
    this.#add('entries', -1)
  }

  /** Counts bytes that have come. Throws `commit-too-large`. */
  addPackBytes(bytes: number): void {
    if (this.#add('packBytes', bytes) > this.#limits.packBytes) this.#refuse('packBytes')
  }

  /** Counts what the pack says it has, of which one is its commit. Throws `commit-too-large`. */
  addEntries(count: number): void {
    const most = this.#limits.files + MAX_OTHER_OBJECTS
    if (this.#add('entries', count) > most) this.#refuse('files')
  }

  /** Looks at the size that an entry claims. Throws `commit-too-large`. */
  assertFits(entryBytes: number): void {
    if (this.#all.entryBytes + entryBytes > this.#limits.checkoutBytes) {
      this.#refuse('checkoutBytes')
    }
  }

  /** Counts an entry that was inflated. */
  addEntryBytes(bytes: number): void {
    this.#add('entryBytes', bytes)
  }

  /** Counts an object. Throws `commit-too-large`. */
  addObjectBytes(bytes: number): void {
    if (this.#add('objectBytes', bytes) > this.#limits.checkoutBytes) this.#refuse('checkoutBytes')
  }

  /** Counts no more: the pack is not needed any longer. */
  close(): void {
    for (const what of KINDS) this.#add(what, -this.#own[what])
  }

  #add(what: keyof Counts, more: number): number {
    this.#own[what] += more
    this.#all[what] += more
    return this.#all[what]
  }

  #refuse(what: keyof Limits): never {
    throw tooLarge(this.#limits, what)
  }
}

const KINDS = ['packBytes', 'entries', 'entryBytes', 'objectBytes'] as const

function noCounts(): Counts {
  return { packBytes: 0, entries: 0, entryBytes: 0, objectBytes: 0 }
}
