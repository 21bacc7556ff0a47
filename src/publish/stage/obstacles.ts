// What stands in the way of a commit's files, and may not go: what this service did not write,
// what programs still have open, and what is mounted. It is found out before anything is changed.
import type { Stats } from 'node:fs'
import { SyncError } from '../../base/errors.js'
import { displayPath, joinBytePath } from '../../volume/byte-path.js'
import { type MountPoints, mountPointsBelow } from '../../volume/mount-points.js'
import { listTree } from '../../volume/volume.js'

/** What an NFS client makes of a file that is removed while a program has it open. */
const SILLY_RENAMED = /(^|\/)\.nfs[0-9a-f]{8,}$/i

/** What may go, and where. */
export interface ObstacleOptions {
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
    const { clean, mayGo, root } = this.#options
    const below = listTree(root, path)
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
