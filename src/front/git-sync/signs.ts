// The files by which git-sync shows what goes on: one with the current error, one that is touched,
// one that goes. Others may write where they are: no symlink there is followed, no pipe waited for.
import { randomUUID } from 'node:crypto'
import { closeSync, constants, fstatSync, futimesSync, openSync } from 'node:fs'
import path from 'node:path'
import { isWithin } from '../../base/paths.js'
import { parentOf, toBytePath, toFsPath } from '../../volume/byte-path.js'
import { NO_FILE, tolerating } from '../../volume/errnos.js'
import { holding, type Volume } from '../../volume/volume.js'
import { ensureDirectories } from './directories.js'

const { O_CREAT, O_NOCTTY, O_NOFOLLOW, O_NONBLOCK, O_WRONLY } = constants
const TOUCHING = O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY

/** The directories below which no symlink is followed: the root, and where the link is. */
export function shownBelow({ link, root }: { link: string; root: string }): string[] {
  return [root, path.dirname(link)]
}

/** The file that says what is wrong, while something is; without a name, nothing is said. */
export class ErrorFile {
  readonly #bases: readonly string[]
  readonly #file: string
  readonly #onFault: (error: unknown) => void

  /** `onFault` is told what went wrong with the file itself: nothing here throws. */
  constructor(file: string, bases: readonly string[], onFault: (error: unknown) => void) {
    this.#file = file
    this.#bases = bases
    this.#onFault = onFault
  }

  /** Nobody sees it half written. */
  write(text: string): void {
    this.#try((volume, file) => {
      volume.ensureDirectory(parentOf(file))
      const staged = `${parentOf(file)}/tmp-err-${randomUUID()}`
      try {
        volume.writeNew(staged, 0o644, [Buffer.from(text)])
        volume.rename(staged, file)
      } catch (error) {
        tolerating(NO_FILE, () => volume.unlink(staged))
        throw error
      }
    })
  }

  delete(): void {
    this.#try((volume, file) => {
      if (volume.stat(file)) volume.unlink(file)
    })
  }

  #try(work: (volume: Volume, file: string) => void): void {
    if (this.#file === '') return
    try {
      at(this.#file, this.#bases, work)
    } catch (error) {
      this.#onFault(error)
    }
  }
}

/** Makes a file beside a link and removes it, as programs wait for what version 3 removed there. */
export function showRemoval(link: string): void {
  const shown = path.join(path.dirname(link), '.git-sync-updated')
  at(shown, [path.dirname(link)], (volume, file) => {
    // What is there by that name is somebody else's.
    tolerating(['EEXIST'], () => {
      closeSync(volume.create(file))
      volume.unlink(file)
    })
  })
}

/** Sets the time of a file to now; makes it, and the directories above, where it is missing. */
export function touch(touched: string, bases: readonly string[]): void {
  at(touched, bases, (volume, file) => {
    volume.ensureDirectory(parentOf(file))
    const opened = openSync(toFsPath(volume.entry(file)), TOUCHING, 0o666)
    try {
      if (!fstatSync(opened).isFile()) throw new Error(`${touched} is not a regular file`)
      const now = new Date()
      futimesSync(opened, now, now)
    } finally {
      closeSync(opened)
    }
  })
}

/** Reaches a file below the first of `bases` that it is in; else in its directory, links followed. */
function at(
  file: string,
  bases: readonly string[],
  work: (volume: Volume, file: string) => void,
): void {
  const base = bases.find((each) => file !== each && isWithin(each, file))
  if (base === undefined) ensureDirectories(path.dirname(file))
  holding(toBytePath(base ?? path.dirname(file)), (volume) => work(volume, toBytePath(file)))
}
