// What is known of a published directory between publications, and how one that was
// interrupted is completed. What is known is never lost: a snapshot that the files on disk
// may differ from is doubted, but still tells which files are this service's own.
import { existsSync, lstatSync, rmSync } from 'node:fs'
import path from 'node:path'
import { SyncError } from '../base/errors.js'
import { displayPath, joinBytePath, toBytePath } from './byte-path.js'
import { applyJournal, type Journal, readJournal, writeJournal } from './journal.js'
import { isIntact } from './published-files.js'
import type { Snapshot } from './snapshot.js'
import {
  adoptStaged,
  discardStaged,
  doubtSnapshot,
  hasStaged,
  readDoubted,
  readSnapshot,
  removeDoubted,
  removeSnapshot,
  type StoredSnapshot,
  stageSnapshot,
} from './snapshot-store.js'
import { removeIfEmpty } from './volume.js'

/** Where a directory and what belongs to it are. */
export interface Place {
  /** The directory that becomes equal to a tree. Absolute. */
  root: string
  /** Where the root is moved to later, if it is. */
  finalRoot?: string
  /** Where the snapshot and the journal live. */
  stateDirectory: string
  /** Where content is staged: on the volume of the root, and used for nothing else. */
  stagingDirectory: string
}

/** What was published last. */
export interface Known {
  snapshot: StoredSnapshot
  /** False where files on disk may differ from the snapshot. */
  isTrusted: boolean
}

/** Completes an interrupted publication, removes what it left behind, and returns what is known. */
export function recover(place: Place): Known | undefined {
  if (existsSync(journalOf(place))) resume(place)
  else discard(place)
  const snapshot = readSnapshot(place.stateDirectory)
  if (snapshot && isDirectory(place.root)) return { snapshot, isTrusted: true }
  const doubted = snapshot ?? readDoubted(place.stateDirectory)
  return doubted && { snapshot: doubted, isTrusted: false }
}

/** Like {@link recover}, and looks at every file: a snapshot that is not true is doubted. */
export function verify(place: Place): Known | undefined {
  const known = recover(place)
  if (!known?.isTrusted || isIntact(place.root, known.snapshot)) return known
  doubt(place)
  return { ...known, isTrusted: false }
}

/** Writes down what is about to be applied. From here on, the publication will be completed. */
export function commitTo(place: Place, journal: Journal, next: Snapshot, last?: Known): void {
  stageSnapshot(place.stateDirectory, next, last?.isTrusted ? last.snapshot : undefined)
  writeJournal(journalOf(place), journal)
}

/** Applies a journal that was written down. Throws `path-blocked` where not all of it can be. */
export function complete(place: Place, journal: Journal): void {
  const [blocked] = apply(place, journal)
  settle(place, blocked === undefined)
  if (blocked !== undefined) throw movedAway(joinBytePath(toBytePath(place.root), blocked))
}

/** Forgets what is known of a place, so that nothing there counts as this service's own. */
export function forget(place: Place): void {
  removeSnapshot(place.stateDirectory)
  discard(place)
}

/**
 * Removes what an unfinished publication left. The journal goes first: without it, the rest is
 * nothing but left-overs.
 */
export function discard(place: Place): void {
  rmSync(journalOf(place), { force: true })
  rmSync(`${journalOf(place)}.next`, { force: true })
  discardStaged(place.stateDirectory)
  rmSync(place.stagingDirectory, { recursive: true, force: true })
  removeIfEmpty(toBytePath(path.dirname(place.stagingDirectory)))
}

function resume(place: Place): void {
  const journal = readJournal(journalOf(place))
  if (journal && hasStaged(place.stateDirectory)) apply(place, journal)
  const snapshot = readSnapshot(place.stateDirectory)
  settle(place, snapshot !== undefined && isIntact(place.root, snapshot))
}

function apply(place: Place, journal: Journal): string[] {
  const blocked = applyJournal(journal, {
    root: toBytePath(place.root),
    staging: toBytePath(place.stagingDirectory),
  })
  adoptStaged(place.stateDirectory)
  return blocked
}

function settle(place: Place, isTrusted: boolean): void {
  if (isTrusted) removeDoubted(place.stateDirectory)
  else doubt(place)
  discard(place)
}

/** Marks that files on disk are about to differ from the snapshot, or do already. */
export function doubt(place: Place): void {
  doubtSnapshot(place.stateDirectory)
}

function isDirectory(directory: string): boolean {
  return lstatSync(directory, { throwIfNoEntry: false })?.isDirectory() ?? false
}

function movedAway(file: string): SyncError {
  return new SyncError(
    'path-blocked',
    `${displayPath(file)} could not be put in place, as something else came in its way while it was published; the sync starts again`,
  )
}

const journalOf = (place: Place) => path.join(place.stateDirectory, 'journal')
