// The last step of a publication, as a list that can be worked off again: written down
// before the first file is replaced, so that an interrupted publication is completed at
// the next start. Every step does nothing where it was done already.
import { readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { SyncError } from '../base/errors.js'
import { displayPath, joinBytePath, parentOf, toFsPath } from './byte-path.js'
import { removeOne, statIfPresent, tolerating } from './volume.js'

/** Byte paths below the root. */
export interface Journal {
  /** What stands where something else must go; in the order of removal. */
  removeFirst: string[]
  /** Where each staged file or directory goes; its place in the list is its name in staging. */
  renames: string[]
  /** Files that the new tree has not. */
  deletes: string[]
}

export interface JournalPlace {
  /** The directory that is published. */
  root: string
  staging: string
}

/** Works off a journal. Directories that become empty go too, but never the root. */
export function applyJournal(
  { removeFirst, renames, deletes }: Journal,
  { root, staging }: JournalPlace,
): void {
  const isReal = realDirectories(root)
  for (const path of removeFirst) {
    if (isReal(parentOf(path))) removeOne(joinBytePath(root, path))
  }
  for (const [index, path] of renames.entries()) {
    if (path !== '' && !isReal(parentOf(path))) throw movedAway(joinBytePath(root, parentOf(path)))
    const staged = toFsPath(joinBytePath(staging, String(index)))
    // Not staged any more: this step was done before an interruption.
    tolerating(['ENOENT'], () => renameSync(staged, toFsPath(joinBytePath(root, path))))
  }
  const emptied = new Set<string>()
  for (const path of deletes) {
    if (!isReal(parentOf(path))) continue
    removeOne(joinBytePath(root, path))
    emptied.add(parentOf(path))
  }
  for (const directory of emptied) removeEmpty(root, directory)
}

/** Makes a symlink at `path`, or swaps the one there for it in one step. */
export function swapLink(path: string, target: string, temporary: string): void {
  rmSync(toFsPath(temporary), { force: true })
  symlinkSync(toFsPath(target), toFsPath(temporary))
  renameSync(toFsPath(temporary), toFsPath(path))
}

export function writeJournal(path: string, journal: Journal): void {
  const temporary = `${path}.next`
  writeFileSync(temporary, JSON.stringify(journal))
  renameSync(temporary, path)
}

/** Reads a journal; undefined where it is damaged. */
export function readJournal(path: string): Journal | undefined {
  const text = readFileSync(path, 'utf8')
  try {
    return JSON.parse(text) as Journal
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

/** Answers whether a directory below the root is there, and no symlink on the way to it. */
export function realDirectories(root: string): (directory: string) => boolean {
  const known = new Set<string>()
  const isReal = (directory: string): boolean => {
    if (known.has(directory)) return true
    if (directory !== '' && !isReal(parentOf(directory))) return false
    const real = statIfPresent(joinBytePath(root, directory))?.isDirectory() ?? false
    if (real) known.add(directory)
    return real
  }
  return isReal
}

function removeEmpty(root: string, directory: string): void {
  for (let path = directory; path !== ''; path = parentOf(path)) {
    if (
      statIfPresent(joinBytePath(root, path))?.isDirectory() &&
      !removeOne(joinBytePath(root, path))
    )
      return
  }
}

function movedAway(directory: string): SyncError {
  return new SyncError(
    'path-blocked',
    `${displayPath(directory)} was replaced by something else while it was published; the sync starts again`,
  )
}
