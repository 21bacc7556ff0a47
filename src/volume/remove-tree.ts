// Removes a directory with all that is in it, where others may change it meanwhile: each directory
// is held open, and what it holds is removed by its name there. What a symlink leads to stays.
import { randomUUID } from 'node:crypto'
import { readdirSync, renameSync, rmdirSync, unlinkSync } from 'node:fs'
import { displayPath, joinBytePath, toFsPath } from './byte-path.js'
import { ABSENT, NO_FILE, readUnless, tolerating } from './errnos.js'
import { renamed } from './held-directories.js'
import { findDescriptors, type OpenDirectory, openDirectory } from './open-directory.js'
import { lstatIfAny } from './open-file.js'

/** What lies deeper than this is moved up before it is removed: as many are open at once. */
const MAX_DEPTH = 40

/** How a directory is removed. */
export interface RemovalOptions {
  /** Throws when what is left is to stay. */
  checkpoint?: () => void
  /** What stays, with the directories that it lies in; below the path that is removed. */
  except?: string | undefined
}

/** Removes whatever is where a byte path is `reached`, with all that is in it, but for one path. */
export function removeTree(reached: string, path: string, options: RemovalOptions): void {
  try {
    new Removal(options).remove(reached, path)
  } catch (error) {
    throw renamed(error, () => displayPath(path))
  }
}

class Removal {
  readonly #options: RemovalOptions
  /** Asked where a directory is found, as most of what is removed is not there, or a file. */
  #descriptors: string | null | undefined
  /** Those that are open, each in the one before. */
  readonly #open: OpenDirectory[] = []
  #hasMoved = false

  constructor(options: RemovalOptions) {
    this.#options = options
  }

  /** By the path that reaches it, and by its name among what is to stay. */
  remove(reached: string, name: string): void {
    const { checkpoint, except } = this.#options
    if (name === except) return
    checkpoint?.()
    const stat = lstatIfAny(toFsPath(reached))
    if (!stat?.isDirectory()) {
      if (stat) tolerating(['ENOENT', 'EBUSY'], () => unlinkSync(toFsPath(reached)))
      return
    }
    if (this.#descriptors === undefined) this.#descriptors = findDescriptors()
    const descriptors = this.#descriptors
    // Where something else is there by now, it is left to the next removal.
    const opened = readUnless(NO_FILE, () => openDirectory(reached, descriptors))
    if (!opened) return
    const isTop = this.#open.push(opened) === 1
    try {
      do {
        if (isTop) this.#hasMoved = false
        this.#clear(opened, name)
      } while (isTop && this.#hasMoved)
    } finally {
      this.#open.pop()
      opened.close()
    }
    const isKept = except?.startsWith(`${name}/`) ?? false
    if (!isKept) tolerating(ABSENT, () => rmdirSync(toFsPath(reached)))
  }

  #clear({ path }: OpenDirectory, name: string): void {
    const top = this.#open[0]
    for (const entry of readdirSync(toFsPath(path), 'latin1')) {
      const reached = joinBytePath(path, entry)
      if (this.#open.length < MAX_DEPTH || !top) this.remove(reached, joinBytePath(name, entry))
      else {
        renameSync(toFsPath(reached), toFsPath(joinBytePath(top.path, `deep-${randomUUID()}`)))
        this.#hasMoved = true
      }
    }
  }
}
