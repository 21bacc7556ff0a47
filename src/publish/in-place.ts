// Makes a directory equal to a tree: plan, stage, apply. Only files that differ are
// touched; all content is staged before the first rename; deletions come last, and the
// snapshot after them. An interrupted publication is completed by `recover`.
import { existsSync, mkdirSync, renameSync, rmSync, type Stats } from 'node:fs'
import path from 'node:path'
import { SyncError } from '../base/errors.js'
import type { Oid } from '../git/oid.js'
import { MODE } from '../git/tree.js'
import { joinBytePath, toBytePath } from './byte-path.js'
import { applyJournal, type Journal, readJournal, writeJournal } from './journal.js'
import { readSnapshot, type Snapshot, STAT_FIELDS, writeSnapshot } from './snapshot.js'
import { type BlobSource, stage } from './staging.js'
import { diffTrees, type TreeDiff, type TreeFile } from './tree-diff.js'
import { statIfPresent } from './volume.js'

/** Where a directory and what belongs to it are. */
export interface Place {
  /** The directory that becomes equal to a tree. Absolute. */
  root: string
  /** Where the snapshot and the journal live. */
  stateDirectory: string
  /** Where content is staged: on the volume of the root, and used for nothing else. */
  stagingDirectory: string
}

/** The commit to publish, and its objects. */
export interface Target extends BlobSource {
  commit: Oid
  tree: Oid
  readTree(oid: Oid): Buffer
}

export interface Published {
  filesWritten: number
  filesDeleted: number
}

/** Publishes a commit. Throws a SyncError, or the file system's own error, with nothing torn. */
export function publishInPlace(place: Place, target: Target, checkpoint: () => void): Published {
  const previous = recover(place)
  mkdirSync(place.stateDirectory, { recursive: true })
  mkdirSync(path.dirname(place.stagingDirectory), { recursive: true })
  const diff = diffTrees(previous?.trees ?? [], target.tree, target.readTree)
  const staged = stage(diff, {
    root: toBytePath(place.root),
    staging: toBytePath(place.stagingDirectory),
    adopt: previous === undefined,
    blobs: target,
    checkpoint,
  })
  checkpoint()
  const stats = mergeStats(diff, previous?.stats, staged.stats)
  writeSnapshot(nextSnapshotOf(place), { commit: target.commit, trees: diff.trees, stats })
  writeJournal(journalOf(place), staged.journal)
  complete(place, staged.journal)
  return { filesWritten: staged.filesWritten, filesDeleted: diff.deletes.length }
}

/**
 * Completes an interrupted publication, removes what it left behind, and returns what is
 * published; undefined where that is not known.
 */
export function recover(place: Place): Snapshot | undefined {
  if (existsSync(journalOf(place))) resume(place)
  else discard(place)
  return readSnapshot(snapshotOf(place))
}

function resume(place: Place): void {
  const journal = readJournal(journalOf(place))
  if (!journal || !readSnapshot(nextSnapshotOf(place))) {
    forget(place)
    return
  }
  try {
    complete(place, journal)
  } catch (error) {
    // What stands in the way now did not when it was planned: plan anew, from what is on disk.
    if (!(error instanceof SyncError)) throw error
    forget(place)
  }
}

/** Whether every file is on disk as the snapshot remembers it, by its status alone. */
export function isIntact(root: string, snapshot: Snapshot): boolean {
  const rootPath = toBytePath(root)
  return filesOf(snapshot).every(({ path: file, mode, index }) => {
    const stat = statIfPresent(joinBytePath(rootPath, file))
    if (!stat || mode === MODE.gitlink) return stat?.isDirectory() ?? false
    const remembered = snapshot.stats.subarray(index * STAT_FIELDS, (index + 1) * STAT_FIELDS)
    return statFields(stat).every((value, at) => value === remembered[at])
  })
}

/** Removes the files that were published, and the directories that this empties. */
export function removePublished(place: Place): void {
  const snapshot = recover(place)
  const deletes = snapshot ? filesOf(snapshot).map((file) => file.path) : []
  applyJournal(
    { removeFirst: [], renames: [], deletes },
    { root: toBytePath(place.root), staging: toBytePath(place.stagingDirectory) },
  )
  forget(place)
}

/** Every file of a snapshot. */
export function filesOf({ trees }: Snapshot): TreeFile[] {
  const [rootTree] = trees
  const bodies = new Map(trees.map(({ oid, body }) => [oid, body]))
  return rootTree ? diffTrees([], rootTree.oid, (oid) => bodies.get(oid) as Buffer).writes : []
}

/** Forgets what is known of a place, so that the next publication compares with what is on disk. */
export function forget(place: Place): void {
  rmSync(snapshotOf(place), { force: true })
  discard(place)
}

function complete(place: Place, journal: Journal): void {
  applyJournal(journal, {
    root: toBytePath(place.root),
    staging: toBytePath(place.stagingDirectory),
  })
  renameSync(nextSnapshotOf(place), snapshotOf(place))
  discard(place)
}

/** The journal goes first: without it, the rest is nothing but left-overs. */
function discard(place: Place): void {
  rmSync(journalOf(place), { force: true })
  rmSync(nextSnapshotOf(place), { force: true })
  rmSync(place.stagingDirectory, { recursive: true, force: true })
}

function mergeStats(
  diff: TreeDiff,
  old: Float64Array | undefined,
  written: Map<number, Stats>,
): Float64Array {
  const stats = new Float64Array((diff.trees[0]?.files ?? 0) * STAT_FIELDS)
  for (const { from, to, count } of diff.kept) {
    if (old)
      stats.set(old.subarray(from * STAT_FIELDS, (from + count) * STAT_FIELDS), to * STAT_FIELDS)
  }
  for (const [index, stat] of written) stats.set(statFields(stat), index * STAT_FIELDS)
  return stats
}

function statFields({ size, mtimeMs, ino }: Stats): number[] {
  return [size, mtimeMs, ino]
}

const snapshotOf = (place: Place) => path.join(place.stateDirectory, 'snapshot')
const nextSnapshotOf = (place: Place) => path.join(place.stateDirectory, 'snapshot.next')
const journalOf = (place: Place) => path.join(place.stateDirectory, 'journal')
