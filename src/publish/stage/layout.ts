// Where everything is staged, so that as few renames as can be put it in place: a directory
// that does not exist yet is staged whole.
import { joinBytePath, parentOf } from '../../volume/byte-path.js'
import { makeDirectory, statIfPresent } from '../../volume/volume.js'
import type { Rename } from './journal.js'
import { clashOf } from './name-clash.js'
import type { Obstacles } from './obstacles.js'

/** What lies in a staging directory, and where each of it goes. */
export class StagingLayout {
  /** Where each staged thing goes; its place in the list is its name in the staging directory. */
  readonly renames: Rename[] = []
  readonly #root: string
  readonly #staging: string
  readonly #obstacles: Obstacles
  /** Where each directory is staged; undefined for one that is in place already. */
  readonly #directories = new Map<string, string | undefined>()
  /** The place of a path in {@link renames}. */
  readonly #units = new Map<string, number>()

  /** Of what goes below `root`, staged in the directory `staging`; both are byte paths. */
  constructor(root: string, staging: string, obstacles: Obstacles) {
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
      throw clashOf(error, this.#staging, pathOf, target)
    }
  }

  /** Where a file is to be written. */
  placeOf(path: string): string {
    const parent = this.directory(parentOf(path))
    if (parent !== undefined) return joinBytePath(parent, path.slice(path.lastIndexOf('/') + 1))
    const existing = statIfPresent(joinBytePath(this.#root, path))
    if (existing?.isDirectory()) return this.#unit(path, this.#obstacles.contentOf(path))
    if (existing) this.#obstacles.assertNotMounted(path, existing)
    return this.#unit(path)
  }

  /** Where a file was staged; undefined where it was not. */
  stagedPathOf(path: string): string | undefined {
    const parent = this.#directories.get(parentOf(path))
    if (parent !== undefined) return joinBytePath(parent, path.slice(path.lastIndexOf('/') + 1))
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
      const staged = joinBytePath(parent, path.slice(path.lastIndexOf('/') + 1))
      this.creating(() => makeDirectory(staged), staged)
      return staged
    }
    const existing = statIfPresent(joinBytePath(this.#root, path))
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
    const index = this.renames.push({ path, removeFirst }) - 1
    this.#units.set(path, index)
    return joinBytePath(this.#staging, String(index))
  }
}
