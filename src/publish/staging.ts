// Writes everything that is new beside what is published, on the same volume, and finds
// out what stands in the way. A directory that does not exist yet is staged whole, so
// that one rename puts all of it in place.
import { lstatSync, readlinkSync, rmSync, type Stats, symlinkSync } from 'node:fs'
import { SyncError } from '../base/errors.js'
import type { Oid } from '../git/oid.js'
import { MODE } from '../git/tree.js'
import { displayPath, joinBytePath, parentOf, toFsPath } from './byte-path.js'
import type { Journal } from './journal.js'
import type { TreeDiff, TreeFile } from './tree-diff.js'
import { listTree, makeDirectory, statIfPresent, writeNewFile } from './volume.js'

/** Where the content of files comes from. */
export interface BlobSource {
  readBlob(oid: Oid): Buffer
  /** Whether a file on disk has the content of a blob. */
  isContentOf(path: string, stat: Stats, oid: Oid): boolean
}

export interface StagingOptions {
  /** The directory that is published, as a byte path. */
  root: string
  /** An absent directory on the same volume, as a byte path. */
  staging: string
  /** Whether what is there already may be right: then it is compared, and kept where it is. */
  adopt: boolean
  blobs: BlobSource
  /** Throws when the work is to be given up. */
  checkpoint: () => void
}

export interface Staged {
  journal: Journal
  /** The status of each file that was written or found right, by its index in the tree. */
  stats: Map<number, Stats>
  filesWritten: number
}

/** The longest path that Linux takes, in bytes; a shorter one in staging could become longer. */
const MAX_PATH_BYTES = 4095

/** Stages the writes of a diff. Throws `path-blocked` where foreign files stand in the way. */
export function stage(diff: TreeDiff, options: StagingOptions): Staged {
  const stager = new Stager(options, new Set(diff.deletes.map(({ path }) => path)))
  rmSync(toFsPath(options.staging), { recursive: true, force: true })
  makeDirectory(options.staging)
  stager.begin()
  for (const file of diff.writes) {
    options.checkpoint()
    stager.write(file)
  }
  const { journal } = stager
  const gone = new Set(journal.renames.flatMap(({ removeFirst }) => removeFirst))
  journal.deletes = diff.deletes.map(({ path }) => path).filter((path) => !gone.has(path))
  return stager
}

class Stager implements Staged {
  readonly journal: Journal = { renames: [], deletes: [], keeps: [] }
  readonly stats = new Map<number, Stats>()
  filesWritten = 0
  readonly #options: StagingOptions
  readonly #deletes: ReadonlySet<string>
  /** Where each directory is staged; undefined for one that is in place already. */
  readonly #directories = new Map<string, string | undefined>()
  /** The volume that content is staged on. */
  #volume = 0

  constructor(options: StagingOptions, deletes: ReadonlySet<string>) {
    this.#options = options
    this.#deletes = deletes
  }

  /** Finds out where staging is, and stages a root that does not exist. */
  begin(): void {
    this.#volume = lstatSync(toFsPath(this.#options.staging)).dev
    this.#directory('')
  }

  write(file: TreeFile): void {
    const full = joinBytePath(this.#options.root, file.path)
    if (full.length > MAX_PATH_BYTES) throw tooLong(full)
    if (file.mode === MODE.gitlink) {
      // As real git does for a submodule that is not checked out: an empty directory.
      if (this.#directory(file.path) === undefined) this.journal.keeps.push(file.path)
      return
    }
    const parent = this.#directory(parentOf(file.path))
    const name = file.path.slice(file.path.lastIndexOf('/') + 1)
    const target = parent === undefined ? this.#clear(file) : joinBytePath(parent, name)
    if (target === undefined) return
    this.#create(file, target)
    this.stats.set(file.index, lstatSync(toFsPath(target)))
    this.filesWritten++
  }

  /** Makes way for a file in a directory that exists; undefined where the right one is there. */
  #clear({ path, mode, oid, index }: TreeFile): string | undefined {
    const { root, adopt } = this.#options
    const existing = statIfPresent(joinBytePath(root, path))
    if (existing?.isDirectory()) return this.#unit(path, this.#contentOf(path))
    if (existing && adopt && this.#isRight(path, existing, mode, oid)) {
      this.stats.set(index, existing)
      return undefined
    }
    return this.#unit(path)
  }

  #isRight(path: string, stat: Stats, mode: number, oid: Oid): boolean {
    const { root, blobs } = this.#options
    const full = joinBytePath(root, path)
    if (mode === MODE.symlink) {
      return (
        stat.isSymbolicLink() &&
        readlinkSync(toFsPath(full), { encoding: 'buffer' }).equals(blobs.readBlob(oid))
      )
    }
    const isExecutable = (stat.mode & 0o100) !== 0
    return (
      stat.isFile() &&
      isExecutable === (mode === MODE.executable) &&
      blobs.isContentOf(full, stat, oid)
    )
  }

  #create({ path, mode, oid }: TreeFile, target: string): void {
    const body = this.#options.blobs.readBlob(oid)
    if (mode !== MODE.symlink) {
      writeNewFile(target, mode === MODE.executable ? 0o777 : 0o666, body)
      return
    }
    if (body.length === 0 || body.includes(0)) {
      throw new SyncError(
        'unsafe-tree',
        `The symlink ${displayPath(path)} has a target that no file system can hold; nothing of this commit is published`,
      )
    }
    symlinkSync(body, toFsPath(target))
  }

  /** Where a directory is staged, or undefined where it is in place. */
  #directory(path: string): string | undefined {
    if (this.#directories.has(path)) return this.#directories.get(path)
    const staged = this.#makeDirectory(path)
    this.#directories.set(path, staged)
    return staged
  }

  #makeDirectory(path: string): string | undefined {
    const parent = path === '' ? undefined : this.#directory(parentOf(path))
    if (parent !== undefined) {
      const staged = joinBytePath(parent, path.slice(path.lastIndexOf('/') + 1))
      makeDirectory(staged)
      return staged
    }
    const existing = statIfPresent(joinBytePath(this.#options.root, path))
    if (existing?.isDirectory()) {
      if (existing.dev !== this.#volume) throw otherVolume(joinBytePath(this.#options.root, path))
      return undefined
    }
    const staged = this.#unit(path, existing ? [path] : [])
    makeDirectory(staged)
    return staged
  }

  /** The staged path of the next thing to be renamed into place. */
  #unit(path: string, removeFirst: string[] = []): string {
    const index = this.journal.renames.push({ path, removeFirst }) - 1
    return joinBytePath(this.#options.staging, String(index))
  }

  /** All of a directory that a file replaces, last itself: only what this service wrote may go. */
  #contentOf(path: string): string[] {
    const { root } = this.#options
    const below = listTree(root, path)
    const foreign = below.find((found) => !found.isDirectory && !this.#deletes.has(found.path))
    if (foreign) {
      const where = displayPath(joinBytePath(root, path))
      throw new SyncError(
        'path-blocked',
        `The commit has a file at ${where}, where a directory stands with files this service did not write (${displayPath(foreign.path)}); move them away`,
      )
    }
    return [...below.reverse().map((found) => found.path), path]
  }
}

function tooLong(full: string): SyncError {
  return new SyncError(
    'unsafe-tree',
    `The path ${displayPath(full.slice(0, 100))}… is longer than ${MAX_PATH_BYTES} bytes; nothing of this commit is published`,
  )
}

function otherVolume(directory: string): SyncError {
  return new SyncError(
    'path-blocked',
    `${displayPath(directory)} is on another volume than the published directory, so that no file can be moved there whole; unmount it`,
  )
}
