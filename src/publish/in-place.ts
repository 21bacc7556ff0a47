// Makes a directory equal to a tree: plan, stage, apply. Only files that differ are
// touched; all content is staged before the first rename; deletions come last, and the
// snapshot after them. An interrupted publication is completed by `recover`.
import { mkdirSync, type Stats } from 'node:fs'
import path from 'node:path'
import type { Oid } from '../git/oid.js'
import { toBytePath } from './byte-path.js'
import { applyJournal } from './journal.js'
import { commitTo, complete, discard, forget, type Known, type Place, recover } from './place.js'
import { filesOf, statFields } from './published-files.js'
import { STAT_FIELDS } from './snapshot.js'
import { type BlobSource, type Staged, stage } from './staging.js'
import { diffTrees, type TreeDiff } from './tree-diff.js'

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
  const known = recover(place)
  const diff = plan(known, target, checkpoint)
  const { journal, filesWritten } = prepare(place, known, diff, target, checkpoint)
  complete(place, journal)
  return { filesWritten, filesDeleted: diff.deletes.length }
}

/** Removes the files that were published, and the directories that this empties. */
export function removePublished(place: Place): void {
  const known = recover(place)
  const deletes = known ? filesOf(known.snapshot).map((file) => file.path) : []
  applyJournal(
    { renames: [], deletes, keeps: [] },
    { root: toBytePath(place.root), staging: toBytePath(place.stagingDirectory) },
  )
  forget(place)
}

/** What must change; where what is on disk is in doubt, all is to be written, or found right. */
function plan(known: Known | undefined, target: Target, checkpoint: () => void): TreeDiff {
  const readTree = (oid: Oid) => {
    checkpoint()
    return target.readTree(oid)
  }
  if (known?.isTrusted) return diffTrees(known.snapshot.trees, target.tree, readTree)
  const diff = diffTrees([], target.tree, readTree)
  if (!known) return diff
  const wanted = new Set(diff.writes.map((file) => file.path))
  return { ...diff, deletes: filesOf(known.snapshot).filter((file) => !wanted.has(file.path)) }
}

/** Stages all that is new and writes the journal; nothing that is published is touched. */
function prepare(
  place: Place,
  known: Known | undefined,
  diff: TreeDiff,
  target: Target,
  checkpoint: () => void,
): Staged {
  try {
    mkdirSync(place.stateDirectory, { recursive: true })
    mkdirSync(path.dirname(place.stagingDirectory), { recursive: true })
    const staged = stage(diff, {
      root: toBytePath(place.root),
      staging: toBytePath(place.stagingDirectory),
      adopt: !known?.isTrusted,
      blobs: target,
      checkpoint,
    })
    checkpoint()
    const stats = mergeStats(diff, known?.snapshot.stats, staged.stats)
    commitTo(place, staged.journal, { commit: target.commit, trees: diff.trees, stats })
    return staged
  } catch (error) {
    abandon(place)
    throw error
  }
}

function abandon(place: Place): void {
  try {
    discard(place)
  } catch {
    // What failed first is what counts; the next publication clears up.
  }
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
