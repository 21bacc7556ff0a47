// The objects of the repository behind published files. Whoever owns the directory may have put
// anything there: packs are opened below held directories, what is read is bounded, and an object
// counts only where its hash is right.
import path from 'node:path'
import { codeOf } from '../../base/errno.js'
import { SyncError } from '../../base/errors.js'
import { type GitObject, hashObject } from '../../git/object.js'
import { ObjectCache } from '../../git/object-cache.js'
import type { ObjectFormat, Oid } from '../../git/oid.js'
import { readLooseObject } from '../../remote/disk/loose-object.js'
import { PackFile, type PackOwner } from '../../remote/disk/pack-file.js'
import {
  ALL_TYPES,
  ensureReasonable,
  ONLY_COMMITS,
  type WantedTypes,
} from '../../remote/disk/whole-object.js'
import { displayPath } from '../../volume/byte-path.js'
import { ABSENT, readUnless, UNREADABLE } from '../../volume/errnos.js'
import type { HistoryLayout } from './layout.js'

/** Each takes two descriptors; the store is joined long before. */
const MAX_PACKS = 100
const CACHE_BYTES = 16 * 1024 * 1024

/** One pack of the repository. */
export interface StoredPack {
  /** Without an extension. */
  name: string
  file: PackFile
}

/** What is in the object store of a repository, until it is closed. */
export class RepositoryObjects implements PackOwner {
  readonly objectFormat: ObjectFormat
  readonly ensureHoldable = ensureReasonable
  readonly cache = new ObjectCache<string>(CACHE_BYTES)
  readonly #layout: HistoryLayout
  /** Opened when the first object is asked for. */
  #opened: readonly StoredPack[] | undefined
  #isComplete = true
  /** The pack that held the last object, as the next one is probably there, too. */
  #last: StoredPack | undefined

  constructor(layout: HistoryLayout, objectFormat: ObjectFormat) {
    this.objectFormat = objectFormat
    this.#layout = layout
  }

  get packs(): readonly StoredPack[] {
    return this.#open()
  }

  /** Whether nothing was met so far that may hold objects and cannot be read. */
  get isComplete(): boolean {
    this.#open()
    return this.#isComplete
  }

  /** Whether a commit is there, whole. */
  hasCommit(oid: Oid): boolean {
    return this.commitIfAny(oid) !== undefined
  }

  /** A commit that is whole; undefined where there is none. Of a blob in its place, no content is read. */
  commitIfAny(oid: Oid): GitObject | undefined {
    const object = this.#ifWhole(oid, () => this.read(oid, ONLY_COMMITS))
    return object?.type === 'commit' ? object : undefined
  }

  has(oid: Oid): boolean {
    return this.find(oid) !== undefined || this.isLoose(oid)
  }

  /** Whether an object has a file of its own, as somebody's git makes them: none is removed here. */
  isLoose(oid: Oid): boolean {
    return this.#looseFile(oid) !== undefined
  }

  /** An object whose hash is right; undefined where there is none, or it cannot be read. */
  readIfAny(oid: Oid): GitObject | undefined {
    return this.#ifWhole(oid, () => this.read(oid))
  }

  #ifWhole(oid: Oid, read: () => GitObject): GitObject | undefined {
    try {
      const object = read()
      return hashObject(object.type, object.body, this.objectFormat) === oid ? object : undefined
    } catch {
      // Damaged, or made to be: what cannot be read is not there.
      return undefined
    }
  }

  /**
   * An object as it is stored, whole where its type is wanted; its hash is not looked at. Throws
   * `pack-incomplete`, or as it is damaged.
   */
  read(oid: Oid, wanted: WantedTypes = ALL_TYPES): GitObject {
    const found = this.find(oid)
    if (found) return found.pack.file.read(found.offset, wanted)
    const { ensureHoldable } = this
    const file = this.#looseFile(oid)
    if (file !== undefined) {
      const { fd } = this.#layout.volume.open(file)
      return readLooseObject(fd, displayPath(file), { wanted, ensureHoldable })
    }
    throw new SyncError(
      'pack-incomplete',
      `The repository ${displayPath(this.#layout.repository)} lacks the object ${oid}; its history is fetched anew`,
    )
  }

  /** The pack that has an object, and where in it. */
  find(oid: Oid): { pack: StoredPack; offset: number } | undefined {
    const last = this.#last
    const offset = last && this.#findIn(last, oid)
    if (last && offset !== undefined) return { pack: last, offset }
    for (const pack of this.packs) {
      const at = pack === last ? undefined : this.#findIn(pack, oid)
      if (at === undefined) continue
      this.#last = pack
      return { pack, offset: at }
    }
    return undefined
  }

  close(): void {
    for (const { file } of this.#opened ?? []) file.close()
    this.#opened = undefined
    this.#last = undefined
  }

  #looseFile(oid: Oid): string | undefined {
    const { repository, volume } = this.#layout
    const file = path.join(repository, 'objects', oid.slice(0, 2), oid.slice(2))
    const found = readUnless(UNREADABLE, () => ({ stat: volume.stat(file) }))
    if (!found) this.#isComplete = false
    return found?.stat?.isFile() ? file : undefined
  }

  /** Where an object starts in a pack; what its index cannot tell is not there. */
  #findIn({ file }: StoredPack, oid: Oid): number | undefined {
    try {
      return file.find(oid)
    } catch (error) {
      if (!isDamage(error)) throw error
      this.#isComplete = false
      return undefined
    }
  }

  #open(): readonly StoredPack[] {
    this.#opened ??= this.#openPacks()
    return this.#opened
  }

  #openPacks(): StoredPack[] {
    const { repository, volume } = this.#layout
    const directory = path.join(repository, 'objects/pack')
    const names = this.#namesIn(directory).filter((name) => name.endsWith('.idx'))
    const known = names.filter((name) => /^pack-[0-9a-f]+\.idx$/.test(name)).slice(0, MAX_PACKS)
    // Git's own are under other names while it makes them.
    if (known.length < names.length) this.#isComplete = false
    return known.flatMap((name) => {
      const indexFile = path.join(directory, name)
      const base = name.slice(0, -'.idx'.length)
      try {
        const paths = {
          indexFile: displayPath(indexFile),
          openIndex: () => volume.open(indexFile).fd,
          openPack: () => volume.open(path.join(directory, `${base}.pack`)).fd,
        }
        return [{ name: base, file: new PackFile(paths, this) }]
      } catch {
        // Cut, or of another kind: what is in it is fetched anew.
        this.#isComplete = false
        return []
      }
    })
  }

  #namesIn(directory: string): string[] {
    const names = readUnless(
      UNREADABLE,
      () => readUnless(ABSENT, () => this.#layout.volume.names(directory)) ?? [],
    )
    if (!names) this.#isComplete = false
    return names ?? []
  }
}

/** Works on the objects of a repository, and closes them. */
export function withObjects<T>(
  layout: HistoryLayout,
  format: ObjectFormat,
  work: (objects: RepositoryObjects) => T,
): T {
  const objects = new RepositoryObjects(layout, format)
  try {
    return work(objects)
  } finally {
    objects.close()
  }
}

/** Whether an error says that a pack, or its index, is damaged, or was made to be. */
export function isDamage(error: unknown): boolean {
  if (error instanceof SyncError) return ['pack-corrupt', 'pack-incomplete'].includes(error.code)
  return error instanceof RangeError || /^(?:Z_|ERR_)/.test(codeOf(error))
}
