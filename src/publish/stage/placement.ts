// Where everything is staged, so that as few renames as can be put it in place: a directory
// that does not exist yet is staged whole.
import type { Stats } from 'node:fs'
import { SyncError } from '../../base/errors.js'
import { displayPath, joinBytePath, nameOf, parentOf } from '../../volume/byte-path.js'
import { type MountPoints, mountPointsBelow } from '../../volume/mount-points.js'
import type { Volume } from '../../volume/volume.js'
import type { Rename } from './journal.js'
import { clashOf } from './name-clash.js'

/** What lies in a staging directory, and where each of it goes. */
export class StagingLayout {
  /** Where each staged thing goes; its place in the list is its name in the staging directory. */
  readonly renames: Rename[] = []
  readonly #volume: Volume
  readonly #root: string
  readonly #staging: string
  readonly #obstacles: Obstacles
  /** Where each directory is staged; undefined for one that is in place already. */
  readonly #directories = new Map<string, string | undefined>()
  /** The place of a path in {@link renames}. */
  readonly #units = new Map<string, number>()

  /** Of what goes below `root`, staged in the directory `staging`; both are byte paths. */
  constructor(volume: Volume, root: string, staging: string, obstacles: Obstacles) {
    this.#volume = volume
    this.#root = root
    this.#staging = staging
    this.#obstacles = obstacles
    this.directory('')
  }

  /** Says what it means where the name of `target` is taken. */
  creating(create: () => void, target: string): void {
    try {
      create()
    } catch (error) {
      const pathOf = (unit: number) => this.renames[unit]?.path
      throw clashOf(error, this.#volume, this.#staging, pathOf, target)
    }
  }

  /** Where a file is to be written. */
  placeOf(path: string): string {
    const parent = this.directory(parentOf(path))
    if (parent !== undefined) return joinBytePath(parent, nameOf(path))
    const existing = this.#volume.stat(joinBytePath(this.#root, path))
    if (existing?.isDirectory()) return this.#unit(path, this.#obstacles.contentOf(path))
    if (existing) this.#obstacles.assertNotMounted(path, existing)
    return this.#unit(path)
  }

  /** Where a file was staged; undefined where it was not. */
  stagedPathOf(path: string): string | undefined {
    const parent = this.#directories.get(parentOf(path))
    if (parent !== undefined) return joinBytePath(parent, nameOf(path))
    const index = this.#units.get(path)
    return index === undefined ? undefined : joinBytePath(this.#staging, String(index))
  }

  /** Where a directory is staged, or undefined where it is in place. */
  directory(path: string): string | undefined {
    if (this.#directories.has(path)) return this.#directories.get(path)
    const staged = this.#makeDirectory(path)
    this.#directories.set(path, staged)
    return staged
  }

  #makeDirectory(path: string): string | undefined {
    const parent = path === '' ? undefined : this.directory(parentOf(path))
    if (parent !== undefined) {
      const staged = joinBytePath(parent, nameOf(path))
      this.creating(() => this.#volume.makeDirectory(staged), staged)
      return staged
    }
    const existing = this.#volume.stat(joinBytePath(this.#root, path))
    if (existing?.isDirectory()) {
      if (path !== '') this.#obstacles.assertNotMounted(path, existing)
      return undefined
    }
    const staged = this.#unit(path, existing ? [path] : [])
    this.#volume.makeDirectory(staged)
    return staged
  }

  /** The staged path of the next thing to be renamed into place. */
  #unit(path: string, removeFirst: string[] = []): string {
    const index = this.renames.push({ path, removeFirst }) - 1
    this.#units.set(path, index)
    return joinBytePath(this.#staging, String(index))
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
