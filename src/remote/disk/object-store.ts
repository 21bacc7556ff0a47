// The objects of a local repository, wherever they are kept. All reading is
// synchronous and meant for a worker thread.
import { readdirSync, statSync } from 'node:fs'
import path from 'node:path'
import { SyncError } from '../../base/errors.js'
import { openRegularFileSync } from '../../base/regular-file.js'
import { CorruptPack } from '../../git/corrupt.js'
import type { GitObject } from '../../git/object.js'
import { ObjectCache } from '../../git/object-cache.js'
import type { ObjectFormat, Oid } from '../../git/oid.js'
import { isMissing } from './files.js'
import {
  encodeLooseObject,
  encodeObject,
  findLooseObject,
  readLooseObject,
} from './loose-object.js'
import { type DistanceTo, type EncodedEntry, PackFile, type PackOwner } from './pack-file.js'
import type { LocalRepository } from './repository.js'
import {
  ALL_TYPES,
  type EnsureHoldable,
  ensureReasonable,
  type WantedTypes,
} from './whole-object.js'

/** Each of them takes two file descriptors of the process. */
const MAX_PACKS = 2000
/** However many packs there are. */
const CACHE_BYTES = 16 << 20

interface PackedLocation {
  pack: PackFile
  offset: number
}

type Location = PackedLocation | { looseFile: string }

/** One `objects` folder. */
interface ObjectFolder {
  directory: string
  packs: Map<string, PackFile>
  /** When the folder of packs was last listed, by its own time of change. */
  listedAt: bigint | undefined
}

export class ObjectStore implements PackOwner {
  readonly objectFormat: ObjectFormat
  readonly ensureHoldable: EnsureHoldable
  readonly checkpoint: () => void
  readonly cache = new ObjectCache<string>(CACHE_BYTES)
  readonly #folders: ObjectFolder[]
  readonly #directory: string
  /** The pack that held the last object, as the next one is probably there too. */
  #lastPack: PackFile | undefined

  /** `checkpoint` is called with each object that is read, `ensureHoldable` before one is held whole. */
  constructor(
    { objectDirs, directory, objectFormat }: LocalRepository,
    checkpoint: () => void = () => undefined,
    ensureHoldable = ensureReasonable,
  ) {
    this.checkpoint = checkpoint
    this.ensureHoldable = ensureHoldable
    this.objectFormat = objectFormat
    this.#directory = directory
    this.#folders = objectDirs.map((objectDir) => ({
      directory: objectDir,
      packs: new Map(),
      listedAt: undefined,
    }))
    for (const folder of this.#folders) this.#listPacks(folder)
  }

  has(oid: Oid): boolean {
    return this.#find(oid) !== undefined
  }

  /** The object, whole where its type is wanted. Throws `pack-incomplete` where the repository does not hold it. */
  read(oid: Oid, wanted: WantedTypes = ALL_TYPES): GitObject {
    const location = this.locate(oid)
    if ('pack' in location) return location.pack.read(location.offset, wanted)
    const { looseFile } = location
    const { ensureHoldable } = this
    return readLooseObject(openRegularFileSync(looseFile), looseFile, { wanted, ensureHoldable })
  }

  /** Where the object is. Throws `pack-incomplete` where the repository does not hold it. */
  locate(oid: Oid): Location {
    this.checkpoint()
    const location = this.#find(oid)
    if (location) return location
    throw new SyncError(
      'pack-incomplete',
      `The repository ${this.#directory} lacks the object ${oid}; git fsck tells more, and a partial clone cannot be followed`,
    )
  }

  /** The whole object as an entry of a pack; only objects stored as deltas are ever held whole. */
  encode(oid: Oid): EncodedEntry {
    const location = this.locate(oid)
    if ('looseFile' in location) return encodeLooseObject(location.looseFile)
    try {
      return this.encodePacked(location, () => undefined)
    } catch (error) {
      // It was a file of its own when the pack was planned; what it builds on now is not in the plan.
      if (!(error instanceof CorruptPack)) throw error
      const message = `The repository ${this.#directory} was repacked while it was read; it is read again soon`
      throw new SyncError('connection-failed', message, { cause: error })
    }
  }

  /** The same, or a delta of the base that `distanceTo` tells of, as {@link PackFile.copyEntry}. */
  encodePacked({ pack, offset }: PackedLocation, distanceTo: DistanceTo): EncodedEntry {
    this.checkpoint()
    return pack.copyEntry(offset, distanceTo) ?? encodeObject(pack.read(offset))
  }

  close(): void {
    for (const { packs } of this.#folders) for (const pack of packs.values()) pack.close()
  }

  #find(oid: Oid): Location | undefined {
    const found = this.#findOnce(oid)
    if (found) return found
    // A repack may just have moved it.
    const changed = this.#folders.filter((folder) => this.#listPacks(folder))
    return changed.length > 0 ? this.#findOnce(oid) : undefined
  }

  #findOnce(oid: Oid): Location | undefined {
    const offset = this.#lastPack?.find(oid)
    if (this.#lastPack && offset !== undefined) return { pack: this.#lastPack, offset }
    for (const { packs } of this.#folders) {
      for (const pack of packs.values()) {
        const at = pack === this.#lastPack ? undefined : pack.find(oid)
        if (at === undefined) continue
        this.#lastPack = pack
        return { pack, offset: at }
      }
    }
    for (const { directory } of this.#folders) {
      const looseFile = findLooseObject(directory, oid)
      if (looseFile !== undefined) return { looseFile }
    }
    return undefined
  }

  /** Opens the packs that are new in a folder; returns whether it had changed. */
  #listPacks(folder: ObjectFolder): boolean {
    const directory = path.join(folder.directory, 'pack')
    const changedAt = statSync(directory, { bigint: true, throwIfNoEntry: false })?.mtimeNs
    if (changedAt === undefined || changedAt === folder.listedAt) return false
    folder.listedAt = changedAt
    for (const name of readdirSync(directory)) {
      if (!name.endsWith('.idx') || folder.packs.has(name)) continue
      if (folder.packs.size === MAX_PACKS) {
        throw new RangeError(`it has more than ${MAX_PACKS} packs: run git gc in it`)
      }
      const pack = this.#openPack(path.join(directory, name))
      if (pack) folder.packs.set(name, pack)
    }
    return true
  }

  #openPack(indexFile: string): PackFile | undefined {
    try {
      return new PackFile(
        {
          indexFile,
          openIndex: () => openRegularFileSync(indexFile),
          openPack: () => openRegularFileSync(indexFile.replace(/\.idx$/, '.pack')),
        },
        this,
      )
    } catch (error) {
      // Deleted by a repack since the folder was listed.
      if (isMissing(error)) return undefined
      throw error
    }
  }
}
