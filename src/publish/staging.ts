// Writes everything that is new beside what is published, on the same volume, and finds
// out what stands in the way. A directory that does not exist yet is staged whole, so
// that one rename puts all of it in place.
import { lstatSync, rmSync } from 'node:fs'
import { SyncError } from '../base/errors.js'
import { type Limits, tooLarge } from '../git/limits.js'
import type { StoredObject } from '../git/object.js'
import type { Oid } from '../git/oid.js'
import { MODE } from '../git/tree.js'
import { displayPath, joinBytePath, parentOf, toFsPath } from './byte-path.js'
import type { Checkout } from './checkout.js'
import { createFile, permissionsOf } from './create-file.js'
import { isRightFile } from './file-content.js'
import { FileWriter } from './file-writer.js'
import type { Journal } from './journal.js'
import { mountPointsBelow } from './mount-points.js'
import { statFields } from './published-files.js'
import type { TreeDiff, TreeFile } from './tree-diff.js'
import { listTree, makeDirectory, statIfPresent } from './volume.js'

export interface StagingOptions {
  /** The directory that is published, as a byte path. */
  root: string
  /** Where that directory is in the end: no path there may be too long. */
  finalRoot: string
  /** An absent directory on the same volume, as a byte path. */
  staging: string
  /** Whether what is there already may be right: then it is compared, and kept where it is. */
  adopt: boolean
  /** Whether what others put in the way may go. */
  clean: boolean
  /** What was there before, of which nobody needs what is in the way. */
  checkout: Checkout | undefined
  /** Whether there may be so many files that a second thread is worth its start. */
  hasManyFiles: boolean
  limits: Limits
  /** Throws when the work is to be given up. */
  checkpoint: () => void
}

/** The longest path that Linux takes, in bytes; a shorter one in staging could become longer. */
const MAX_PATH_BYTES = 4095

/** A file that is to be staged as soon as its blob is there. */
export type ExpectedFile = Pick<TreeFile, 'path' | 'mode' | 'oid'>

/**
 * Stages files, blob by blob in any order. Throws `path-blocked` where foreign files stand in
 * the way. To be closed in the end.
 */
export class Staging {
  filesWritten = 0
  #bytesWritten = 0
  readonly #journal: Journal = { renames: [], deletes: [], keeps: [] }
  readonly #options: StagingOptions
  /** What {@link statFields} gives of each file that was written or found right, by its path. */
  readonly #stats = new Map<string, ArrayLike<number>>()
  /** The files that are not staged yet, by their blob. */
  readonly #pending = new Map<Oid, ExpectedFile[]>()
  /** Where each directory is staged; undefined for one that is in place already. */
  readonly #directories = new Map<string, string | undefined>()
  /** The volume that content is staged on. */
  readonly #volume: number
  readonly #writer: FileWriter | undefined
  /** Every path that was expected so far. */
  readonly #expected = new Set<string>()
  #deletes: ReadonlySet<string> = new Set()

  constructor(options: StagingOptions) {
    this.#options = options
    rmSync(toFsPath(options.staging), { recursive: true, force: true })
    makeDirectory(options.staging)
    this.#volume = lstatSync(toFsPath(options.staging)).dev
    this.#directory('')
    // Last: where anything above throws, nobody could end its thread.
    this.#writer = options.hasManyFiles ? new FileWriter() : undefined
  }

  /** Says which files are to be staged, and which ones will go. */
  expectAll({ writes, deletes }: TreeDiff): void {
    this.#deletes = new Set(deletes.map(({ path }) => path))
    for (const file of writes) this.expect(file)
  }

  /** Says that a file is to be staged; once is enough. */
  expect(file: ExpectedFile): void {
    if (this.#expected.has(file.path)) return
    this.#expected.add(file.path)
    this.#assertShort(file)
    if (file.mode === MODE.gitlink) {
      // As real git does for a submodule that is not checked out: an empty directory.
      this.#directory(file.path)
      return
    }
    const files = this.#pending.get(file.oid)
    if (files) files.push(file)
    else this.#pending.set(file.oid, [file])
  }

  /** Stages the files that have this blob, if any wait for it. */
  offer(oid: Oid, blob: StoredObject): void {
    const files = this.#pending.get(oid)
    if (!files) return
    this.#pending.delete(oid)
    for (const file of files) {
      this.#options.checkpoint()
      this.#stage(file, blob)
    }
  }

  /** Stages all that is left of a diff, and returns what it takes to put everything in place. */
  finish(diff: TreeDiff, readBlob: (oid: Oid) => StoredObject): Journal {
    for (const oid of [...this.#pending.keys()]) this.offer(oid, readBlob(oid))
    for (const file of diff.writes) {
      if (file.mode === MODE.gitlink) this.#journal.keeps.push(file.path)
    }
    const gone = new Set(this.#journal.renames.flatMap(({ removeFirst }) => removeFirst))
    this.#journal.deletes = diff.deletes.map(({ path }) => path).filter((path) => !gone.has(path))
    this.#writer?.flush()
    return this.#journal
  }

  /** What is remembered of a file that was staged, or found right. */
  statOf(path: string): ArrayLike<number> | undefined {
    return this.#stats.get(path)
  }

  /** Ends what may still be writing. */
  close(): void {
    this.#writer?.close()
  }

  #assertShort({ path }: ExpectedFile): void {
    const full = joinBytePath(this.#options.finalRoot, path)
    if (full.length > MAX_PATH_BYTES) throw tooLong(full)
  }

  #stage(file: ExpectedFile, blob: StoredObject): void {
    const parent = this.#directory(parentOf(file.path))
    const name = file.path.slice(file.path.lastIndexOf('/') + 1)
    const target = parent === undefined ? this.#clear(file) : joinBytePath(parent, name)
    if (target === undefined) return
    this.filesWritten++
    this.#count(blob)
    if (this.#writer && file.mode !== MODE.symlink && 'body' in blob) {
      const keep = (status: ArrayLike<number>) => this.#stats.set(file.path, status)
      this.#writer.write(target, permissionsOf(file.mode), blob.body, keep)
      return
    }
    createFile(file, blob, target)
    this.#stats.set(file.path, statFields(lstatSync(toFsPath(target))))
  }

  /** One large blob in many places fills a volume. */
  #count(blob: StoredObject): void {
    const { limits } = this.#options
    this.#bytesWritten += 'body' in blob ? blob.body.length : blob.size
    if (this.#bytesWritten > limits.checkoutBytes) throw tooLarge(limits, 'checkoutBytes')
  }

  /** Makes way for a file in a directory that exists; undefined where the right one is there. */
  #clear({ path, mode, oid }: ExpectedFile): string | undefined {
    const { root, adopt } = this.#options
    const existing = statIfPresent(joinBytePath(root, path))
    if (existing?.isDirectory()) return this.#unit(path, this.#contentOf(path))
    const full = joinBytePath(root, path)
    if (existing && adopt && isRightFile(full, existing, { mode, oid })) {
      this.#stats.set(path, statFields(existing))
      return undefined
    }
    return this.#unit(path)
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
    const index = this.#journal.renames.push({ path, removeFirst }) - 1
    return joinBytePath(this.#options.staging, String(index))
  }

  /** All of a directory that a file replaces, last itself: only what this service wrote may go. */
  #contentOf(path: string): string[] {
    const { checkout, clean, root } = this.#options
    const below = listTree(root, path)
    const isOwn = (file: string) => this.#deletes.has(file) || checkout?.isUnmodified(file)
    const foreign = below.find((found) => !found.isDirectory && !isOwn(found.path))
    if (foreign && !(clean && !holdsMount(root, path, below))) {
      const where = displayPath(joinBytePath(root, path))
      throw new SyncError(
        'path-blocked',
        `The commit has a file at ${where}, where a directory stands with files this service did not write (${displayPath(foreign.path)}); move them away`,
      )
    }
    return [...below.reverse().map((found) => found.path), path]
  }
}

/** Whether anything in a directory, or itself, is a mount point. */
function holdsMount(root: string, path: string, below: readonly { path: string }[]): boolean {
  const isMountPoint = mountPointsBelow(displayPath(root))
  return isMountPoint(path) || below.some((found) => isMountPoint(found.path))
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
