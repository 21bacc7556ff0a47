// Writes everything that is new beside what is published, on the same volume, and finds
// out what stands in the way. A directory that does not exist yet is staged whole, so
// that one rename puts all of it in place.
import { SyncError } from '../../base/errors.js'
import { type Conversion, NO_CONVERSION } from '../../git/attributes/conversion.js'
import { type Limits, tooLarge } from '../../git/limits.js'
import type { LargeBlob, StoredObject } from '../../git/object.js'
import type { Oid } from '../../git/oid.js'
import { MODE } from '../../git/tree.js'
import { displayPath, joinBytePath } from '../../volume/byte-path.js'
import type { Volume } from '../../volume/volume.js'
import { isRightFile } from '../drift/file-content.js'
import type { ForeignClone } from '../drift/foreign-clone.js'
import { FileRecords } from '../snapshot/carry.js'
import { statFields } from '../snapshot/snapshot.js'
import { type Conversions, isConvertible } from '../tree/attribute-plan.js'
import { BlobIndex } from '../tree/blob-index.js'
import type { FileRuns } from '../tree/file-runs.js'
import type { TreeDiff } from '../tree/tree-diff.js'
import type { PlacedFile, TreeFile, TreePlaces, TreeRecord } from '../tree/tree-places.js'
import {
  createLarge,
  createSymlink,
  permissionsOf,
  readStored,
  storedAt,
  writeConverted,
} from './create-file.js'
import { FileWriter } from './file-writer.js'
import type { Journal } from './journal.js'
import { isAscii, replacedByCase } from './name-clash.js'
import { Obstacles, StagingLayout } from './placement.js'

/** What is staged, and where. */
export interface StagingOptions {
  volume: Volume
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
  clone: ForeignClone | undefined
  limits: Limits
  /** Told of each file that is written. */
  onWritten: (() => void) | undefined
  /** What stands in the place of a pointer of Git LFS, by its path. */
  lfsObject: ((path: string) => LargeBlob | undefined) | undefined
  /** Throws when the work is to be given up. */
  checkpoint: () => void
  /** What of all that is in place will go: each path. */
  deletes: () => ReadonlySet<string>
  /** Where the directories of the new tree are. */
  places: TreePlaces
}

/** The longest path that Linux takes, in bytes; a shorter one in staging could become longer. */
const MAX_PATH_BYTES = 4095

/**
 * Stages files, blob by blob in any order. Throws `path-blocked` where foreign files stand in
 * the way. To be closed in the end.
 */
export class Staging {
  filesWritten = 0
  /** Of each file that was written, or found right in place. */
  readonly records = new FileRecords()
  #bytesWritten = 0
  readonly #options: StagingOptions
  /** Which files may be in place already: that is found out when it is known how they are converted. */
  readonly #late = new Set<number>()
  /** Of the files that were expected: the submodules, and whether all paths are ASCII. */
  readonly #gitlinks: string[] = []
  #isAscii = true
  /** The files that are not staged yet, by their blob. */
  readonly #pending: BlobIndex
  readonly #layout: StagingLayout
  readonly #writer: FileWriter

  constructor(options: StagingOptions) {
    this.#options = options
    const { volume, root, clean, clone, deletes, places, staging } = options
    volume.removeAll(staging)
    volume.makeDirectory(staging)
    const mayGo = (path: string) => deletes().has(path) || (clone?.isUnmodified(path) ?? false)
    const obstacles = new Obstacles({ volume, root, clean, mayGo })
    this.#layout = new StagingLayout({ volume, root, staging, obstacles, places })
    this.#pending = new BlobIndex(places)
    const creating: StagingLayout['creating'] = (create, at) => this.#layout.creating(create, at)
    this.#writer = new FileWriter({ volume, checkpoint: options.checkpoint, creating })
  }

  /** Says that a file is to be staged. */
  expect(file: PlacedFile): void {
    this.#note(file)
    // As real git does for a submodule that is not checked out: an empty directory.
    if (file.mode === MODE.gitlink) this.#layout.emptyDirectory(file)
    else this.#pending.add(file)
  }

  /** Says which files are in place as blobs, but are converted in another way now. */
  expectRewrites(files: FileRuns): void {
    for (const file of files) {
      this.#note(file)
      this.#late.add(file.index)
    }
  }

  /** The blobs of the files that are not staged yet, one for each file. */
  pending(): Iterable<Oid> {
    return this.#pending.left()
  }

  /**
   * Stages the files that have this blob, if any wait for it. Returns whether {@link find} has it
   * from then on, until all is finished.
   */
  offer(oid: Oid, blob: StoredObject): boolean {
    let isKept = false
    for (const { file, isFound } of this.#pending.take(oid)) {
      this.#options.checkpoint()
      const isAsStored = this.#stage(file, blob)
      if (isFound) isKept = isAsStored
    }
    return isKept
  }

  /** A blob that was staged as it is stored; undefined where its file was changed since. */
  find(oid: Oid): StoredObject | undefined {
    const file = this.#pending.taken(oid)
    const staged = file && this.#layout.stagedPathOf(file)
    if (file === undefined || staged === undefined) return undefined
    if (!this.records.has(file.index)) this.#writer.flush()
    return readStored(this.#options.volume, staged, oid)
  }

  /**
   * Stages all that is left of a diff, converts what is to be, and returns what it takes to put
   * everything in place. Of `old`, the trees that were there before, no name is looked at again.
   */
  finish(
    diff: TreeDiff,
    conversionOf: Conversions | undefined,
    readBlob: (oid: Oid) => StoredObject,
    old: readonly TreeRecord[] = [],
  ): Journal {
    for (const oid of this.#pending.left()) this.offer(oid, readBlob(oid))
    if (conversionOf || this.#late.size > 0) {
      // What is converted is read again.
      this.#writer.flush()
      const converted = new Set<number>()
      // The blob of what is not staged may lie in what is, as long as that is not converted.
      for (const isStaged of this.#options.adopt || this.#late.size > 0 ? [false, true] : [true]) {
        for (const file of diff.writes) {
          this.#options.checkpoint()
          if (!isConvertible(file) || converted.has(file.index)) continue
          if (!isStaged) {
            if (this.#layout.stagedPathOf(file) !== undefined) continue
            converted.add(file.index)
          }
          this.#convert(file, conversionOf?.(file.path), readBlob)
        }
      }
    }
    this.#writer.flush()
    this.close()
    const { renames } = this.#layout
    const folding = { ...this.#options, renames, isAscii: this.#isAscii }
    const replaced = replacedByCase(diff, old, folding)
    const gone = new Set(renames.flatMap(({ removeFirst }) => removeFirst))
    const deletes = Array.from(diff.deletes, ({ path }) => path).filter(
      (path) => !gone.has(path) && !replaced.has(path),
    )
    return { renames, deletes, keeps: this.#gitlinks }
  }

  /** Ends what may still be writing. */
  close(): void {
    this.#writer.close()
  }

  #note({ mode, path }: TreeFile): void {
    const full = joinBytePath(this.#options.finalRoot, path)
    if (full.length > MAX_PATH_BYTES) throw tooLong(full)
    if (mode === MODE.gitlink) this.#gitlinks.push(path)
    if (!isAscii(path)) this.#isAscii = false
  }

  /** Returns whether the blob lies in a staged file. */
  #stage(file: PlacedFile, blob: StoredObject): boolean {
    const directory = this.#layout.directory(file.tree)
    const isAdopted =
      directory === undefined && this.#options.adopt && this.#mayBeRight(file, sizeOf(blob))
    if (!isAdopted) this.#write(file, blob, this.#layout.placeOf(file))
    return !isAdopted && file.mode !== MODE.symlink
  }

  #write(file: TreeFile, blob: StoredObject, target: string): void {
    this.#countFile()
    this.#count(sizeOf(blob))
    const { mode, oid, path } = file
    const { volume } = this.#options
    if (mode !== MODE.symlink && 'body' in blob) {
      const { body } = blob
      this.#writer.write({ path: target, permissions: permissionsOf(mode), body }, (status) =>
        this.records.keep(file, oid, status),
      )
      return
    }
    const create = () =>
      'body' in blob
        ? createSymlink(volume, path, blob, target)
        : createLarge(volume, mode, blob, target)
    this.#layout.creating(create, target)
    this.#keep(file, oid, target)
  }

  /** Makes what attributes want of a file that was staged as stored, or may be right as it is. */
  #convert(
    file: PlacedFile,
    conversion: Conversion = NO_CONVERSION,
    readBlob: (oid: Oid) => StoredObject,
  ): void {
    if (conversion.key === '') {
      if (!this.#late.has(file.index)) return
      const blob = readBlob(file.oid)
      if (this.#findInPlace(file, file.oid, sizeOf(blob))) return
      this.#write(file, blob, this.#layout.placeOf(file))
      return
    }
    const object = this.#options.lfsObject?.(file.path)
    if (object) {
      this.#place(file, object)
      return
    }
    const { staging, volume } = this.#options
    const staged = this.#layout.stagedPathOf(file)
    const blob = staged === undefined ? readBlob(file.oid) : storedAt(volume, staged, file.oid)
    const target = joinBytePath(staging, 'converted')
    const permissions = permissionsOf(file.mode)
    const place = { target, permissions }
    const { oid, size } = writeConverted(volume, blob, file.oid, conversion, place)
    if (staged === undefined && this.#findInPlace(file, oid, size)) {
      volume.unlink(target)
      return
    }
    if (staged === undefined) this.#countFile()
    this.#count(staged === undefined ? size : size - sizeOf(blob))
    const goal = staged ?? this.#layout.placeOf(file)
    volume.rename(target, goal)
    this.#keep(file, oid, goal)
  }

  /** Puts what a pointer stands for where that was staged, or may be right as it is. */
  #place(file: PlacedFile, object: LargeBlob): void {
    const { volume } = this.#options
    const staged = this.#layout.stagedPathOf(file)
    if (staged === undefined && this.#findInPlace(file, object.oid, object.size)) return
    const goal = staged ?? this.#layout.placeOf(file)
    if (staged === undefined) this.#countFile()
    else volume.unlink(staged)
    this.#count(object.size)
    createLarge(volume, file.mode, object, goal)
    this.#keep(file, object.oid, goal)
  }

  /** Whether a file is in place whose content has this oid; then it stays, and is remembered. */
  #findInPlace(file: TreeFile, oid: Oid, size: number): boolean {
    const { root, volume } = this.#options
    const full = joinBytePath(root, file.path)
    const existing = volume.stat(full)
    const expected = { mode: file.mode, oid, size }
    if (!existing || !isRightFile(volume, full, existing, expected)) return false
    this.records.keep(file, oid, statFields(existing))
    return true
  }

  #keep(file: TreeFile, oid: Oid, at: string): void {
    const stat = this.#options.volume.stat(at)
    // What others take away right now is found missing at the next look.
    if (stat) this.records.keep(file, oid, statFields(stat))
  }

  #countFile(): void {
    this.filesWritten++
    this.#options.onWritten?.()
  }

  /** One large blob in many places fills a volume. */
  #count(bytes: number): void {
    const { limits } = this.#options
    this.#bytesWritten += bytes
    if (this.#bytesWritten > limits.checkoutBytes) throw tooLarge(limits, 'checkoutBytes')
  }

  /** Whether what is in place is right as stored, or may turn out to be once it is converted. */
  #mayBeRight(file: TreeFile, size: number): boolean {
    if (this.#findInPlace(file, file.oid, size)) return true
    const existing = this.#options.volume.stat(joinBytePath(this.#options.root, file.path))
    if (file.mode === MODE.symlink || !existing?.isFile()) return false
    this.#late.add(file.index)
    return true
  }
}

function sizeOf(blob: StoredObject): number {
  return 'body' in blob ? blob.body.length : blob.size
}

function tooLong(full: string): SyncError {
  return new SyncError(
    'unsafe-tree',
    `The path ${displayPath(full.slice(0, 100))}… is longer than ${MAX_PATH_BYTES} bytes; nothing of this commit is published: shorten it in the repository`,
  )
}
