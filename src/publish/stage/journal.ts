// The last step of a publication, as a list that can be worked off again: written down
// before the first file is replaced, so that an interrupted publication is completed at
// the next start. Every step does nothing where it was done already.
import {
  isBelowRoot,
  joinBytePath,
  parentOf,
  toBytePath,
  toFsPath,
} from '../../volume/byte-path.js'
import { flush } from '../../volume/durable.js'
import { ABSENT, IN_THE_WAY, tolerating } from '../../volume/errnos.js'
import { assertAccess, readFile, rename, replace, unlink, writeFile } from '../../volume/files.js'
import { type HeldDirectories, holding } from '../../volume/held-directories.js'
import { removeOne, statIfPresent } from '../../volume/volume.js'

/** What is larger was not written by this service, in bytes. */
const MAX_JOURNAL_BYTES = 256 * 1024 * 1024

/** What it takes to put in place what was staged, as byte paths below the root. */
export interface Journal {
  /** Where each staged file or directory goes; its place in the list is its name in staging. */
  renames: Rename[]
  /** Files that the new tree has not. */
  deletes: string[]
  /** Directories that stay even when a deletion empties them. */
  keeps: string[]
}

/** One step of a journal. */
export interface Rename {
  path: string
  /** What stands where this must go; in the order of removal. */
  removeFirst: string[]
}

/** Where a journal is worked off. */
export interface JournalPlace {
  /** What is trusted, and holds all else. */
  base: string
  /** The directory that is published. */
  root: string
  staging: string
  /** Throws when the rest is to be left to another. */
  checkpoint?: () => void
}

/**
 * Works off a journal. Directories that become empty go too, but never the root. Returns the
 * paths that something came in the way of; all the rest is done.
 */
export function applyJournal({ renames, deletes, keeps }: Journal, place: JournalPlace): string[] {
  const blocked = holding(place.base, (held) =>
    renames.flatMap((rename, index) => {
      place.checkpoint?.()
      const staged = joinBytePath(place.staging, String(index))
      return putInPlace(rename, staged, place.root, held) ? [] : [rename.path]
    }),
  )
  // Held anew: a directory from before the renames may be a symlink now.
  holding(place.base, (held) => removeFiles(deletes, new Set(keeps), place, held))
  return blocked
}

/**
 * Throws the file system's error where a directory that a journal changes cannot be written, so
 * that a fault which can be foreseen tears nothing.
 */
export function assertWritable(
  { renames, deletes }: Journal,
  { base, root }: Pick<JournalPlace, 'base' | 'root'>,
): void {
  const changed = [...renames.map(({ path }) => path), ...deletes].filter((path) => path !== '')
  holding(base, (held) => {
    for (const directory of new Set(changed.map(parentOf))) {
      const reached = held.directoryIfAny(joinBytePath(root, directory))
      if (reached !== undefined) tolerating(ABSENT, () => assertAccess(toFsPath(reached)))
    }
  })
}

/** Writes a journal whole, so that it is on the disk before it has its name. */
export function writeJournal(path: string, journal: Journal): void {
  const temporary = `${path}.next`
  writeFile(temporary, JSON.stringify(journal))
  flush(toBytePath(temporary))
  replace(temporary, path)
}

/** Reads a journal; undefined where it is damaged, or names anything that is not below the root. */
export function readJournal(path: string): Journal | undefined {
  const text = readFile(path, MAX_JOURNAL_BYTES)?.toString()
  try {
    const journal: unknown = text === undefined ? undefined : JSON.parse(text)
    return isJournal(journal) ? journal : undefined
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

function isJournal(value: unknown): value is Journal {
  const { renames, deletes, keeps } = (value ?? {}) as Partial<Record<keyof Journal, unknown>>
  return isListOf(renames, isRename) && isListOf(deletes, isPath) && isListOf(keeps, isPath)
}

/** The root itself may be what is staged. */
function isRename(value: unknown): value is Rename {
  const { path, removeFirst } = (value ?? {}) as Partial<Record<keyof Rename, unknown>>
  const isPathOrRoot = (at: unknown): at is string => at === '' || isPath(at)
  return isPathOrRoot(path) && isListOf(removeFirst, isPathOrRoot)
}

function isPath(value: unknown): value is string {
  return typeof value === 'string' && isBelowRoot(value)
}

function isListOf<T>(value: unknown, is: (item: unknown) => item is T): value is T[] {
  return Array.isArray(value) && value.every(is)
}

function putInPlace(
  { path, removeFirst }: Rename,
  staged: string,
  root: string,
  held: HeldDirectories,
): boolean {
  const from = held.entryIfAny(staged)
  const to = held.entryIfAny(joinBytePath(root, path))
  if (to === undefined) return false
  // Not staged any more: this was done before an interruption, and must not be undone.
  if (from === undefined || (removeFirst.length > 0 && !statIfPresent(from))) return true
  for (const obstacle of removeFirst) removeObstacle(joinBytePath(root, obstacle), held)
  return tolerating(IN_THE_WAY, () =>
    tolerating(['ENOENT'], () => {
      // What was removed may have taken the place of these among what is held.
      const [source, target] = [held.entry(staged), held.entry(joinBytePath(root, path))]
      rename(toFsPath(source), toFsPath(target))
    }),
  )
}

/** A file that cannot be removed now would not be known for one of this service's own later. */
function removeObstacle(path: string, held: HeldDirectories): void {
  const reached = held.entryIfAny(path)
  const stat = reached === undefined ? undefined : statIfPresent(reached)
  if (reached === undefined || !stat) return
  if (stat.isDirectory()) remove(path, held)
  else tolerating(['ENOENT'], () => unlink(toFsPath(reached)))
}

/** Returns whether it did. */
function remove(path: string, held: HeldDirectories): boolean {
  const reached = held.entryIfAny(path)
  if (reached === undefined || !removeOne(reached)) return false
  held.forget(path)
  return true
}

function removeFiles(
  paths: readonly string[],
  keeps: ReadonlySet<string>,
  { root, checkpoint }: JournalPlace,
  held: HeldDirectories,
): void {
  const emptied = new Set<string>()
  for (const path of paths) {
    checkpoint?.()
    const reached = held.entryIfAny(joinBytePath(root, path))
    if (reached === undefined) continue
    removeOne(reached)
    emptied.add(parentOf(path))
  }
  for (const directory of emptied) removeEmpty(root, directory, keeps, held)
}

function removeEmpty(
  root: string,
  directory: string,
  keeps: ReadonlySet<string>,
  held: HeldDirectories,
): void {
  for (let path = directory; path !== '' && !keeps.has(path); path = parentOf(path)) {
    const full = joinBytePath(root, path)
    const reached = held.entryIfAny(full)
    if (reached === undefined || !statIfPresent(reached)?.isDirectory()) continue
    if (!remove(full, held)) return
  }
}
