// The record of a published directory between publications, and how one that was interrupted is
// completed. A record is never lost: files that others changed are marked one by one; a snapshot
// that says nothing of what is on disk is marked for a recheck, but still tells which files are
// this service's own.
import path from 'node:path'
import { errnoOf } from '../../base/errno.js'
import { SyncError } from '../../base/errors.js'
import { displayPath, joinBytePath } from '../../volume/byte-path.js'
import { flushSmallTree, flushStaged } from '../../volume/durable.js'
import { READ_ONLY } from '../../volume/errnos.js'
import { compareFiles, type Depth } from '../drift/comparison.js'
import { settleDirectory } from '../history/directory.js'
import { assertLease, leaseGuard } from '../lease/lease.js'
import type { Snapshot } from '../snapshot/snapshot.js'
import {
  adoptStaged,
  discardStaged,
  hasStaged,
  markForRecheck,
  type PublishedRecord,
  readForRecheck,
  readSnapshot,
  recordOf,
  removeRechecked,
  removeSnapshot,
  type StoredSnapshot,
  stageSnapshot,
} from '../snapshot/store.js'
import { applyJournal, type Journal, readJournal, writeJournal } from '../stage/journal.js'
import type { DirectoryLayout } from '../target.js'

/**
 * Completes an interrupted publication, removes what it left behind, and returns the record. Its history
 * is settled by whatever follows: the next publication, or the look at what is in place.
 */
export function recover(layout: DirectoryLayout): PublishedRecord | undefined {
  if (layout.volume.stat(journalOf(layout))) resume(layout)
  else discard(layout)
  const snapshot = readSnapshot(layout)
  if (snapshot && layout.volume.isDirectory(layout.root)) return recordOf(snapshot)
  const unsure = snapshot ?? readForRecheck(layout)
  return unsure && { snapshot: unsure, isTrusted: false, drifted: undefined }
}

/** Like {@link recover}, and looks at every file: what was changed by others is marked. */
export function verify(layout: DirectoryLayout, depth?: Depth): PublishedRecord | undefined {
  const record = recover(layout)
  return record?.drifted ? remember(layout, record.snapshot, depth) : record
}

/**
 * Like {@link verify}, for who only looks: what is found whole is whole on a volume that is read-only, too,
 * whatever is left there to be removed or to be written down.
 */
export function inspectRecord(layout: DirectoryLayout, depth: Depth): PublishedRecord | undefined {
  try {
    return verify(layout, depth)
  } catch (error) {
    if (!READ_ONLY.includes(errnoOf(error))) throw error
    const isHalfDone = layout.volume.stat(journalOf(layout)) && hasStaged(layout)
    const snapshot = isHalfDone ? undefined : readSnapshot(layout)
    if (!snapshot) throw error
    const found = recordOf({ ...snapshot, stats: compareFiles(layout, snapshot, depth) })
    // What differs is to be written down, before anything is built on it.
    if (!found.isTrusted) throw error
    return found
  }
}

/** Writes down what is about to be applied. From here on, the publication will be completed. */
export function commitTo(
  layout: DirectoryLayout,
  journal: Journal,
  next: Snapshot,
  last?: PublishedRecord,
): void {
  const { volume, stateDirectory } = layout
  stageSnapshot(layout, next, last?.drifted ? last.snapshot : undefined)
  flushSmallTree(volume, layout.stagingDirectory)
  flushStaged(volume, stateDirectory)
  assertLease(layout.lease)
  writeJournal(volume, journalOf(layout), journal)
  volume.flushDirectory(stateDirectory)
}

/**
 * Applies a journal that was written down. Throws `path-blocked` where not all of it can be, and
 * `base-missing` where a repository lacks what was taken for granted: then all of it is fetched.
 */
export function complete(layout: DirectoryLayout, journal: Journal, next: Snapshot): void {
  const [blocked] = apply(layout, journal)
  const settlement = settleDirectory(layout, next)
  settle(layout)
  if (blocked !== undefined) {
    verify(layout)
    throw movedAway(joinBytePath(layout.root, blocked))
  }
  if (settlement === 'incomplete') throw historyGone(layout, next)
}

/** Forgets the record of a directory, so that nothing there counts as this service's own. */
export function forget(layout: DirectoryLayout): void {
  removeSnapshot(layout)
  discard(layout)
}

/**
 * Removes what an unfinished publication left. The journal goes first: without it, the rest is
 * nothing but left-overs.
 */
export function discard(layout: DirectoryLayout): void {
  // It would be another instance's.
  assertLease(layout.lease)
  const { stagingDirectory, volume } = layout
  volume.removeFile(journalOf(layout))
  volume.removeFile(`${journalOf(layout)}.next`)
  discardStaged(layout)
  volume.removeAll(stagingDirectory)
  volume.removeIfEmpty(path.dirname(stagingDirectory))
}

function resume(layout: DirectoryLayout): void {
  const journal = readJournal(layout.volume, journalOf(layout))
  if (!journal) {
    const reason = 'it is damaged, or names what is not below the published directory'
    layout.onSetAside?.({ kind: 'state', path: displayPath(journalOf(layout)), reason })
  }
  if (journal && hasStaged(layout)) apply(layout, journal)
  const snapshot = readSnapshot(layout)
  // Something may have come in its way, or was half done without a journal that can be read.
  if (snapshot && layout.volume.isDirectory(layout.root)) remember(layout, snapshot)
  if (snapshot) settle(layout)
  else discard(layout)
}

/** Looks at every file, and writes down what is to be remembered of them. */
function remember(
  layout: DirectoryLayout,
  snapshot: StoredSnapshot,
  depth?: Depth,
): PublishedRecord {
  const stats = compareFiles(layout, snapshot, depth)
  if (stats.equals(snapshot.stats)) return recordOf(snapshot)
  stageSnapshot(layout, { ...snapshot, stats }, snapshot)
  adoptStaged(layout)
  // Read anew, as the next one is written against what is on disk.
  return recordOf(readSnapshot(layout) as StoredSnapshot)
}

function apply(layout: DirectoryLayout, journal: Journal): string[] {
  const blocked = applyJournal(journal, {
    volume: layout.volume,
    root: layout.root,
    staging: layout.stagingDirectory,
    checkpoint: leaseGuard(layout.lease),
  })
  adoptStaged(layout)
  return blocked
}

function settle(layout: DirectoryLayout): void {
  removeRechecked(layout)
  discard(layout)
}

/** Marks that any file on disk may differ from the snapshot. */
export function recheck(layout: DirectoryLayout): void {
  markForRecheck(layout)
}

function movedAway(file: string): SyncError {
  return new SyncError(
    'path-blocked',
    `${displayPath(file)} could not be put in place, as something else came in its way while it was published; the sync starts again`,
  )
}

function historyGone({ root }: DirectoryLayout, { commit }: Snapshot): SyncError {
  return new SyncError(
    'base-missing',
    `A repository behind ${displayPath(root)} lacks a part of the history of ${commit}; it is fetched anew`,
  )
}

const journalOf = (layout: DirectoryLayout) => path.join(layout.stateDirectory, 'journal')
