// What must change so that a directory is equal to a tree: the difference of the two, and what else
// is written or removed, as it is not on disk as it should, or is somebody else's.
import type { Oid } from '../../git/oid.js'
import { displayPath } from '../../volume/byte-path.js'
import type { ForeignClone } from '../drift/foreign-clone.js'
import { type CommitSource, MAX_CHANGED_PATHS, type Ready } from '../publisher.js'
import type { PublishedRecord } from '../snapshot/store.js'
import { type DiffBounds, diffTrees, type TreeDiff } from '../tree/tree-diff.js'
import type { TreeFile } from '../tree/tree-places.js'

/** What must change; where what is on disk is not known, all is to be written, or found right. */
export function planUpdate(
  record: PublishedRecord,
  source: CommitSource,
  readTree: (oid: Oid) => Buffer,
): TreeDiff {
  const bounds = boundsOf(source)
  const { tree } = source
  if (record.drifted) {
    const diff = diffTrees(record.snapshot.trees, tree, readTree, bounds)
    return withDrifted(diff, record.drifted)
  }
  const diff = diffTrees([], tree, readTree, bounds)
  const { deletes } = diffTrees(record.snapshot.trees, tree, readTree, bounds)
  return { ...diff, deletes }
}

/** What a plan may take. */
export function boundsOf({ limits, memory }: CommitSource): DiffBounds {
  return { limits, memory }
}

/** Trees of another object format say nothing about what must change: then the files do. */
export function recheckOtherFormat(record: PublishedRecord, commit: Oid): PublishedRecord {
  return record.snapshot.commit.length === commit.length
    ? record
    : { ...record, isTrusted: false, drifted: undefined }
}

/** Files that the new tree keeps, and that are not on disk as they should, are written again. */
function withDrifted(diff: TreeDiff, drifted: readonly TreeFile[]): TreeDiff {
  let next = 0
  const again = drifted.flatMap((file) => {
    let run = diff.kept[next]
    while (run && run.from + run.count <= file.index) run = diff.kept[++next]
    if (!run || run.from > file.index) return []
    return [run.to + file.index - run.from]
  })
  return withWrites(diff, again)
}

/** A plan that also writes the files at further places, which are ascending. */
export function withWrites(diff: TreeDiff, more: readonly number[]): TreeDiff {
  return { ...diff, writes: diff.writes.with(more) }
}

/** Where there is no record, a clone of somebody else may tell what is to go. */
export function withStale(
  diff: TreeDiff,
  clone: ForeignClone | undefined,
  checkpoint: () => void,
): TreeDiff {
  if (!clone) return diff
  const wanted = new Set(Array.from(diff.writes, (file) => file.path))
  return { ...diff, deletes: clone.staleFiles(wanted, checkpoint) }
}

/** The paths that a plan changes, as hooks are told of them. */
export function changedPathsIn({ deletes, writes }: TreeDiff): Ready['changed'] {
  const paths: string[] = []
  for (const files of [writes, deletes]) {
    for (const { path } of files) {
      if (paths.length === MAX_CHANGED_PATHS) break
      paths.push(displayPath(path))
    }
  }
  return { count: writes.length + deletes.length, paths }
}
