// What is known of a published directory between publications, and how one that was
// interrupted is completed. What is known is never lost: files that others changed are
// marked one by one; a snapshot that says nothing of what is on disk is doubted, but still
// tells which files are this service's own.
import path from 'node:path'
import { SyncError } from '../../base/errors.js'
import { displayPath, joinBytePath, toBytePath } from '../../volume/byte-path.js'
import { flush, flushSmallTree, flushStaged } from '../../volume/durable.js'
import { isDirectory, removeAll, removeFile } from '../../volume/files.js'
import { removeIfEmpty, statIfPresent } from '../../volume/volume.js'
import { assertLease, type Lease, leaseGuard } from '../lease/lease.js'
import { driftedIn, type Look, lookAtFiles } from '../snapshot/comparison.js'
import type { Snapshot } from '../snapshot/snapshot.js'
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
} from '../snapshot/store.js'
import type { TreeFile } from '../tree/tree-diff.js'
import { applyJournal, type Journal, readJournal, writeJournal } from './journal.js'

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
  /** Whether what others put there may go. @default false */
  clean?: boolean | undefined
  /** What keeps other instances away; undefined where none is kept. */
  lease?: Lease | undefined
}

/** What was published last. */
export interface Known {
  snapshot: StoredSnapshot
  /** False where files on disk may differ from the snapshot. */
  isTrusted: boolean
  /** Which files differ; undefined where any may. */
  drifted: readonly TreeFile[] | undefined
}

/** Completes an interrupted publication, removes what it left behind, and returns what is known. */
export function recover(place: Place): Known | undefined {
  if (statIfPresent(toBytePath(journalOf(place)))) resume(place)
  else discard(place)
  const snapshot = readSnapshot(place.stateDirectory)
  if (snapshot && isDirectory(place.root)) return knownOf(snapshot)
  const doubted = snapshot ?? readDoubted(place.stateDirectory)
  return doubted && { snapshot: doubted, isTrusted: false, drifted: undefined }
}

/** Like {@link recover}, and looks at every file: what was changed by others is marked. */
export function verify(place: Place, look?: Look): Known | undefined {
  const known = recover(place)
  return known?.drifted ? remember(place, known.snapshot, look) : known
}

/** Writes down what is about to be applied. From here on, the publication will be completed. */
export function commitTo(place: Place, journal: Journal, next: Snapshot, last?: Known): void {
  stageSnapshot(place.stateDirectory, next, last?.drifted ? last.snapshot : undefined)
  flushSmallTree(toBytePath(place.stagingDirectory))
  flushStaged(toBytePath(place.stateDirectory))
  assertLease(place.lease)
  writeJournal(journalOf(place), journal)
  flush(toBytePath(place.stateDirectory))
}

/** Applies a journal that was written down. Throws `path-blocked` where not all of it can be. */
export function complete(place: Place, journal: Journal): void {
  const [blocked] = apply(place, journal)
  settle(place)
  if (blocked === undefined) return
  verify(place)
  throw movedAway(joinBytePath(toBytePath(place.root), blocked))
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
  // It would be another instance's.
  assertLease(place.lease)
  removeFile(journalOf(place))
  removeFile(`${journalOf(place)}.next`)
  discardStaged(place.stateDirectory)
  removeAll(place.stagingDirectory)
  removeIfEmpty(toBytePath(path.dirname(place.stagingDirectory)))
}

function resume(place: Place): void {
  const journal = readJournal(journalOf(place))
  if (journal && hasStaged(place.stateDirectory)) apply(place, journal)
  const snapshot = readSnapshot(place.stateDirectory)
  // Something may have come in its way, or was half done without a journal that can be read.
  if (snapshot && isDirectory(place.root)) remember(place, snapshot)
  if (snapshot) settle(place)
  else discard(place)
}

/** Looks at every file, and writes down what is to be remembered of them. */
function remember(place: Place, snapshot: StoredSnapshot, look?: Look): Known {
  const stats = lookAtFiles(place.root, snapshot, look)
  if (stats.every((value, at) => value === snapshot.stats[at])) return knownOf(snapshot)
  stageSnapshot(place.stateDirectory, { ...snapshot, stats }, snapshot)
  adoptStaged(place.stateDirectory)
  // Read anew, as the next one is written against what is on disk.
  return knownOf(readSnapshot(place.stateDirectory) as StoredSnapshot)
}

function knownOf(snapshot: StoredSnapshot): Known {
  const drifted = driftedIn(snapshot)
  return { snapshot, isTrusted: drifted.length === 0, drifted }
}

function apply(place: Place, journal: Journal): string[] {
  const blocked = applyJournal(journal, {
    root: toBytePath(place.root),
    staging: toBytePath(place.stagingDirectory),
    checkpoint: leaseGuard(place.lease),
  })
  adoptStaged(place.stateDirectory)
  return blocked
}

function settle(place: Place): void {
  removeDoubted(place.stateDirectory)
  discard(place)
}

/** Marks that any file on disk may differ from the snapshot. */
export function doubt(place: Place): void {
  doubtSnapshot(place.stateDirectory)
}

function movedAway(file: string): SyncError {
  return new SyncError(
    'path-blocked',
    `${displayPath(file)} could not be put in place, as something else came in its way while it was published; the sync starts again`,
  )
}

const journalOf = (place: Place) => path.join(place.stateDirectory, 'journal')
