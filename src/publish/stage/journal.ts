// The last step of a publication, as a list that can be worked off again: written down
// before the first file is replaced, so that an interrupted publication is completed at
// the next start. Every step does nothing where it was done already.
import { isBelowRoot, joinBytePath, parentOf } from '../../volume/byte-path.js'
import { ABSENT, IN_THE_WAY, NO_FILE, tolerating } from '../../volume/errnos.js'
import type { Volume } from '../../volume/volume.js'

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
  volume: Volume
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
  // Held anew: what others moved away meanwhile is not what readers see.
  place.volume.close()
  const blocked = renames.flatMap((rename, index) => {
    place.checkpoint?.()
    const staged = joinBytePath(place.staging, String(index))
    return putInPlace(rename, staged, place) ? [] : [rename.path]
  })
  removeFiles(deletes, new Set(keeps), place)
  return blocked
}

/**
 * Throws the file system's error where a directory that a journal changes cannot be written, so
 * that a fault which can be foreseen tears nothing.
 */
export function assertWritable(
  { renames, deletes }: Journal,
  { root, volume }: Pick<JournalPlace, 'root' | 'volume'>,
): void {
  const changed = [...renames.map(({ path }) => path), ...deletes].filter((path) => path !== '')
  for (const directory of new Set(changed.map(parentOf))) {
    tolerating(NO_FILE, () => volume.assertWritable(joinBytePath(root, directory)))
  }
}

/** Writes a journal whole, so that it is on the disk before it has its name. */
export function writeJournal(volume: Volume, path: string, journal: Journal): void {
  const temporary = `${path}.next`
  volume.writeFile(temporary, JSON.stringify(journal))
  volume.flush(temporary)
  volume.replace(temporary, path)
}

/** Reads a journal; undefined where it is damaged, or names anything that is not below the root. */
export function readJournal(volume: Volume, path: string): Journal | undefined {
  const text = volume.readFile(path, MAX_JOURNAL_BYTES)?.toString()
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
  { root, volume }: JournalPlace,
): boolean {
  const target = joinBytePath(root, path)
  if (volume.entryIfAny(target) === undefined) return false
  // Not staged any more: this was done before an interruption, and must not be undone.
  if (removeFirst.length > 0 && !volume.stat(staged)) return true
  for (const obstacle of removeFirst) removeObstacle(joinBytePath(root, obstacle), volume)
  if (tolerating([...IN_THE_WAY, 'ENOENT'], () => volume.rename(staged, target))) return true
  return !volume.stat(staged)
}

/** A file that cannot be removed now would not be known for one of this service's own later. */
function removeObstacle(path: string, volume: Volume): void {
  const stat = volume.stat(path)
  if (stat?.isDirectory()) volume.removeIfEmpty(path)
  else if (stat) tolerating(ABSENT, () => volume.unlink(path))
}

function removeFiles(
  paths: readonly string[],
  keeps: ReadonlySet<string>,
  { root, checkpoint, volume }: JournalPlace,
): void {
  const emptied = new Set<string>()
  for (const path of paths) {
    checkpoint?.()
    const full = joinBytePath(root, path)
    if (volume.entryIfAny(full) === undefined) continue
    volume.removeOne(full)
    emptied.add(parentOf(path))
  }
  for (const directory of emptied) removeEmpty(directory, keeps, root, volume)
}

function removeEmpty(
  directory: string,
  keeps: ReadonlySet<string>,
  root: string,
  volume: Volume,
): void {
  for (let path = directory; path !== '' && !keeps.has(path); path = parentOf(path)) {
    const full = joinBytePath(root, path)
    if (volume.isDirectory(full) && !volume.removeIfEmpty(full)) return
  }
}
