// Where everything is staged, so that as few renames as can be put it in place: a directory
// that does not exist yet is staged whole.
import type { Stats } from 'node:fs'
import { SyncError } from '../../base/errors.js'
import { Numbers } from '../../base/numbers.js'
import { displayPath, joinBytePath, nameOf } from '../../volume/byte-path.js'
import { type MountPoints, mountPointsBelow } from '../../volume/mount-points.js'
import type { Volume } from '../../volume/volume.js'
import type { PlacedFile, TreePlaces } from '../tree/tree-places.js'
import type { Rename } from './journal.js'
import { clashOf } from './name-clash.js'

/** Where things are staged. */
export interface StagingPlace {
  volume: Volume
  /** What is staged goes below it; a byte path, as the next one. */
  root: string
  staging: string
  obstacles: Obstacles
  places: TreePlaces
}

/** Of a directory: not looked at yet, in place already, staged in the one it lies in, or a unit. */
const [UNKNOWN, IN_PLACE, INSIDE, FIRST_UNIT] = [0, 1, 2, 3]

/** What lies in a staging directory, and where each of it goes. */
export class StagingLayout {
  /** Where each staged thing goes; its place in the list is its name in the staging directory. */
  readonly renames: Rename[] = []
  readonly #options: StagingPlace
  readonly #places: TreePlaces
  /** Of each directory of the tree, how it is staged; and of each file, 1 more than its unit. */
  readonly #directories = new Numbers()
  readonly #units = new Numbers()
  /** The staged directory that was asked for last: the next one is often the same. */
  #last = { tree: -1, path: '' }

  constructor(options: StagingPlace) {
    this.#options = options
    this.#places = options.places
    this.directory(0)
  }

  /** Says what it means where the name of `target` is taken. */
  creating(create: () => void, target: string): void {
    try {
      create()
    } catch (error) {
      const { staging, volume } = this.#options
      throw clashOf(error, volume, staging, (unit) => this.renames[unit]?.path, target)
    }
  }

  /** Where a file is to be written. */
  placeOf({ index, path, tree }: PlacedFile): string {
    const directory = this.directory(tree)
    if (directory !== undefined) return joinBytePath(directory, nameOf(path))
    const { obstacles, root, volume } = this.#options
    const existing = volume.stat(joinBytePath(root, path))
    if (existing && !existing.isDirectory()) obstacles.assertNotMounted(path, existing)
    const unit = this.#addUnit(path, existing?.isDirectory() ? obstacles.contentOf(path) : [])
    this.#units.set(index, unit + 1)
    return this.#unitPath(unit)
  }

  /** Where a file was staged; undefined where it was not. */
  stagedPathOf({ index, path, tree }: PlacedFile): string | undefined {
    const isKnown = this.#directories.get(tree) !== UNKNOWN
    const directory = isKnown ? this.directory(tree) : undefined
    if (directory !== undefined) return joinBytePath(directory, nameOf(path))
    const unit = this.#units.get(index)
    return unit === 0 ? undefined : this.#unitPath(unit - 1)
  }

  /** Makes a directory that nothing of the tree lies in. */
  emptyDirectory({ path, tree }: PlacedFile): void {
    this.#make(path, this.directory(tree))
  }

  /** Where a directory of the tree is staged, or undefined where it is in place. */
  directory(tree: number): string | undefined {
    if (tree === this.#last.tree) return this.#last.path
    if (this.#directories.get(tree) === UNKNOWN) {
      this.#directories.set(tree, this.#makeTree(tree))
    }
    const path = this.#stagedPath(tree)
    if (path !== undefined) this.#last = { tree, path }
    return path
  }

  #stagedPath(tree: number): string | undefined {
    const state = this.#directories.get(tree)
    if (state === IN_PLACE) return undefined
    if (state >= FIRST_UNIT) return this.#unitPath(state - FIRST_UNIT)
    const above = this.#stagedPath(this.#places.parentOf(tree)) as string
    return joinBytePath(above, this.#places.nameOf(tree))
  }

  #makeTree(tree: number): number {
    const above = tree === 0 ? undefined : this.directory(this.#places.parentOf(tree))
    return this.#make(this.#places.pathOf(tree), above)
  }

  /** Makes a directory that lies in one that is staged, or in one that is in place. */
  #make(path: string, above: string | undefined): number {
    const { obstacles, root, volume } = this.#options
    if (above !== undefined) {
      const staged = joinBytePath(above, nameOf(path))
      this.creating(() => volume.makeDirectory(staged), staged)
      return INSIDE
    }
    const existing = volume.stat(joinBytePath(root, path))
    if (existing?.isDirectory()) {
      if (path !== '') obstacles.assertNotMounted(path, existing)
      return IN_PLACE
    }
    const unit = this.#addUnit(path, existing ? [path] : [])
    volume.makeDirectory(this.#unitPath(unit))
    return FIRST_UNIT + unit
  }

  /** The number of the next thing to be renamed into place. */
  #addUnit(path: string, removeFirst: string[]): number {
    return this.renames.push({ path, removeFirst }) - 1
  }

  #unitPath(unit: number): string {
    return joinBytePath(this.#options.staging, String(unit))
  }
}

/** What an NFS client makes of a file that is removed while a program has it open. */
const SILLY_RENAMED = /(^|\/)\.nfs[0-9a-f]{8,}$/i

/** What may go, and where. */
export interface ObstacleOptions {
  volume: Volume
  /** The directory that is published, as a byte path. */
  root: string
  /** Whether what others put in the way may go. */
  clean: boolean
  /** Whether a file goes anyway, or nobody needs it. */
  mayGo: (path: string) => boolean
}

/** What may not be replaced, in one directory. */
export class Obstacles {
  readonly #options: ObstacleOptions
  #isMountPoint: MountPoints | undefined

  constructor(options: ObstacleOptions) {
    this.#options = options
  }

  /** All of a directory that a file replaces, last itself. Throws `path-blocked` where it may not. */
  contentOf(path: string): string[] {
    const { clean, mayGo, root, volume } = this.#options
    const below = [...volume.list(root, path)]
    for (const at of [path, ...below.map((found) => found.path)]) this.assertNotMounted(at)
    const foreign = below.filter((found) => !found.isDirectory && !mayGo(found.path))
    if (foreign.length > 0 && !clean) throw this.#blocked(path, foreign)
    return [...below.reverse().map((found) => found.path), path]
  }

  /** Throws `path-blocked` where something is mounted: nothing can be renamed over it or into it. */
  assertNotMounted(path: string, stat?: Stats): void {
    const { root } = this.#options
    this.#isMountPoint ??= mountPointsBelow(displayPath(root))
    if (!this.#isMountPoint(path, stat)) return
    throw new SyncError(
      'path-blocked',
      `${displayPath(joinBytePath(root, path))} is on another volume than the published directory, or mounted by itself, so that no file can be moved there whole; unmount it`,
    )
  }

  #blocked(path: string, foreign: readonly { path: string }[]): SyncError {
    const { root } = this.#options
    const where = displayPath(joinBytePath(root, path))
    const what = `The commit has a file at ${where}, where a directory stands`
    const inTheWay = foreign.find((file) => !SILLY_RENAMED.test(file.path))
    return new SyncError(
      'path-blocked',
      inTheWay
        ? `${what} with files this service did not write (${displayPath(inTheWay.path)}); move them away`
        : `${what} with files that a program still has open (${displayPath(foreign[0]?.path ?? '')}); they vanish when it closes them, then the sync goes on by itself`,
    )
  }
}
