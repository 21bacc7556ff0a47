// Writes everything that is new beside what is published, on the same volume, and finds
// out what stands in the way. A directory that does not exist yet is staged whole, so
// that one rename puts all of it in place.
import { lstatSync, renameSync, rmSync, type Stats, unlinkSync } from 'node:fs'
import { SyncError } from '../base/errors.js'
import type { Conversion } from '../git/attributes/conversion.js'
import { type Limits, tooLarge } from '../git/limits.js'
import type { StoredObject } from '../git/object.js'
import type { Oid } from '../git/oid.js'
import { MODE } from '../git/tree.js'
import { isConvertible } from './attribute-plan.js'
import { displayPath, joinBytePath, parentOf, toFsPath } from './byte-path.js'
import type { Checkout } from './checkout.js'
import { storedAt, writeConverted } from './convert-file.js'
import { createFile, permissionsOf } from './create-file.js'
import { isRightFile } from './file-content.js'
import { FileWriter } from './file-writer.js'
import { clashOf, replacedByCase } from './folded-names.js'
import type { Journal } from './journal.js'
import { Obstacles } from './obstacles.js'
import { statFields } from './published-files.js'
import type { TreeDiff, TreeFile, TreeRecord } from './tree-diff.js'
import { makeDirectory, statIfPresent } from './volume.js'

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
  /** Of each converted file, by its path, the oid of its bytes. */
  readonly #contents = new Map<string, Oid>()
  /** What may be in place already: that is found out when it is known how it is converted. */
  readonly #late = new Set<string>()
  /** The files that are not staged yet, by their blob. */
  readonly #pending = new Map<Oid, ExpectedFile[]>()
  /** Where each directory is staged; undefined for one that is in place already. */
  readonly #directories = new Map<string, string | undefined>()
  readonly #writer: FileWriter | undefined
  /** The place of a path in the journal's renames. */
  readonly #units = new Map<string, number>()
  /** Every path that was expected so far. */
  readonly #expected = new Set<string>()
  readonly #obstacles: Obstacles

  constructor(options: StagingOptions) {
    this.#options = options
    this.#obstacles = new Obstacles(options)
    rmSync(toFsPath(options.staging), { recursive: true, force: true })
    makeDirectory(options.staging)
    this.#directory('')
    // Last: where anything above throws, nobody could end its thread.
    this.#writer = options.hasManyFiles ? new FileWriter() : undefined
  }

  /** Says which files are to be staged, and which ones will go. */
  expectAll({ writes, deletes }: TreeDiff): void {
    this.#obstacles.deletes = new Set(deletes.map(({ path }) => path))
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

  /** Says which files are in place as blobs, but are converted in another way now. */
  expectRewrites(files: readonly ExpectedFile[]): void {
    for (const file of files) {
      this.#assertShort(file)
      this.#late.add(file.path)
    }
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

  /** Stages what is left of these files, and makes of them what attributes want, by their path. */
  convertAll(
    writes: readonly ExpectedFile[],
    conversions: ReadonlyMap<string, Conversion>,
    readBlob: (oid: Oid) => StoredObject,
  ): void {
    for (const oid of [...this.#pending.keys()]) this.offer(oid, readBlob(oid))
    if (conversions.size === 0 && this.#late.size === 0) return
    // What is converted is read again.
    this.#creating(() => this.#writer?.flush())
    for (const file of writes) {
      this.#options.checkpoint()
      if (isConvertible(file)) this.#convert(file, conversions.get(file.path), readBlob)
    }
  }

  /**
   * Stages all that is left of a diff, and returns what it takes to put everything in place. Of
   * `old`, the trees that were there before, no name is looked at again.
   */
  finish(
    diff: TreeDiff,
    readBlob: (oid: Oid) => StoredObject,
    old: readonly TreeRecord[] = [],
  ): Journal {
    for (const oid of [...this.#pending.keys()]) this.offer(oid, readBlob(oid))
    this.#creating(() => this.#writer?.flush())
    const { renames } = this.#journal
    const replaced = replacedByCase(diff, new Set(old), { ...this.#options, renames })
    for (const file of diff.writes) {
      if (file.mode === MODE.gitlink) this.#journal.keeps.push(file.path)
    }
    const gone = new Set(this.#journal.renames.flatMap(({ removeFirst }) => removeFirst))
    this.#journal.deletes = diff.deletes
      .map(({ path }) => path)
      .filter((path) => !gone.has(path) && !replaced.has(path))
    return this.#journal
  }

  /** What is remembered of a file that was staged, or found right. */
  statOf(path: string): ArrayLike<number> | undefined {
    return this.#stats.get(path)
  }

  /** The oid of the bytes of a file that was converted; undefined where it was not. */
  contentOf(path: string): Oid | undefined {
    return this.#contents.get(path)
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
    const isAdopted = parent === undefined && this.#options.adopt && this.#mayBeRight(file)
    if (!isAdopted) this.#write(file, blob, this.#placeOf(file))
  }

  #write(file: ExpectedFile, blob: StoredObject, target: string): void {
    this.filesWritten++
    this.#count('body' in blob ? blob.body.length : blob.size)
    if (this.#writer && file.mode !== MODE.symlink && 'body' in blob) {
      const keep = (status: ArrayLike<number>) => this.#stats.set(file.path, status)
      const { body } = blob
      this.#creating(() => this.#writer?.write(target, permissionsOf(file.mode), body, keep))
      return
    }
    this.#creating(() => createFile(file, blob, target), target)
    this.#stats.set(file.path, statFields(lstatSync(toFsPath(target))))
  }

  /** Says what it means where a name is taken: that of `target`, or the one that the error has. */
  #creating(create: () => void, target?: string): void {
    try {
      create()
    } catch (error) {
      const pathOf = (unit: number) => this.#journal.renames[unit]?.path
      throw clashOf(error, this.#options.staging, pathOf, target)
    }
  }

  /** Makes what attributes want of a file that was staged as stored, or may be right as it is. */
  #convert(
    file: ExpectedFile,
    conversion: Conversion | undefined,
    readBlob: (oid: Oid) => StoredObject,
  ): void {
    if (!conversion) {
      if (!this.#late.has(file.path) || this.#isInPlace(file, file.oid)) return
      this.#write(file, readBlob(file.oid), this.#placeOf(file))
      return
    }
    const staged = this.#stagedPathOf(file.path)
    const blob = staged === undefined ? readBlob(file.oid) : storedAt(staged, file.oid)
    const target = joinBytePath(this.#options.staging, 'converted')
    const permissions = permissionsOf(file.mode)
    const { oid, size } = writeConverted(blob, file.oid, conversion, { target, permissions })
    this.#count(size)
    if (staged === undefined && this.#isInPlace(file, oid)) {
      unlinkSync(toFsPath(target))
      return
    }
    if (staged === undefined) this.filesWritten++
    const place = staged ?? this.#placeOf(file)
    renameSync(toFsPath(target), toFsPath(place))
    this.#keep(file, oid, lstatSync(toFsPath(place)))
  }

  #keep({ path, oid: stored }: ExpectedFile, oid: Oid, stat: Stats): void {
    this.#stats.set(path, statFields(stat))
    if (oid !== stored) this.#contents.set(path, oid)
  }

  /** One large blob in many places fills a volume. */
  #count(bytes: number): void {
    const { limits } = this.#options
    this.#bytesWritten += bytes
    if (this.#bytesWritten > limits.checkoutBytes) throw tooLarge(limits, 'checkoutBytes')
  }

  /** Whether what is in place is right as stored, or may turn out to be once it is converted. */
  #mayBeRight(file: ExpectedFile): boolean {
    if (this.#isInPlace(file, file.oid)) return true
    const existing = statIfPresent(joinBytePath(this.#options.root, file.path))
    if (file.mode === MODE.symlink || !existing?.isFile()) return false
    this.#late.add(file.path)
    return true
  }

  /** Whether a file is in place whose content has this oid; then it stays. */
  #isInPlace(file: ExpectedFile, oid: Oid): boolean {
    const full = joinBytePath(this.#options.root, file.path)
    const existing = statIfPresent(full)
    if (!existing || !isRightFile(full, existing, { mode: file.mode, oid })) return false
    this.#keep(file, oid, existing)
    return true
  }

  /** Where a file is to be written. */
  #placeOf({ path }: ExpectedFile): string {
    const parent = this.#directory(parentOf(path))
    if (parent !== undefined) return joinBytePath(parent, path.slice(path.lastIndexOf('/') + 1))
    const existing = statIfPresent(joinBytePath(this.#options.root, path))
    if (existing?.isDirectory()) return this.#unit(path, this.#obstacles.contentOf(path))
    if (existing) this.#obstacles.assertNotMounted(path, existing)
    return this.#unit(path)
  }

  /** Where a file was staged; undefined where it was not. */
  #stagedPathOf(path: string): string | undefined {
    const parent = this.#directories.get(parentOf(path))
    if (parent !== undefined) return joinBytePath(parent, path.slice(path.lastIndexOf('/') + 1))
    const index = this.#units.get(path)
    return index === undefined ? undefined : joinBytePath(this.#options.staging, String(index))
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
      this.#creating(() => makeDirectory(staged), staged)
      return staged
    }
    const existing = statIfPresent(joinBytePath(this.#options.root, path))
    if (existing?.isDirectory()) {
      if (path !== '') this.#obstacles.assertNotMounted(path, existing)
      return undefined
    }
    const staged = this.#unit(path, existing ? [path] : [])
    makeDirectory(staged)
    return staged
  }

  /** The staged path of the next thing to be renamed into place. */
  #unit(path: string, removeFirst: string[] = []): string {
    const index = this.#journal.renames.push({ path, removeFirst }) - 1
    this.#units.set(path, index)
    return joinBytePath(this.#options.staging, String(index))
  }
}

function tooLong(full: string): SyncError {
  return new SyncError(
    'unsafe-tree',
    `The path ${displayPath(full.slice(0, 100))}… is longer than ${MAX_PATH_BYTES} bytes; nothing of this commit is published`,
  )
}
