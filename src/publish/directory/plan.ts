// What must change so that what is on disk becomes equal to a tree: the difference to what was
// published last, and to what was found of that. Nothing is looked at here, and nothing written.
import type { Oid } from '../../git/oid.js'
import type { TreeSource } from '../publisher.js'
import type { PublishedRecord } from '../snapshot/comparison.js'
import { diffTrees, filesOf, type TreeDiff, type TreeFile } from '../tree/tree-diff.js'

/** What must change; where what is on disk is not known, all is to be written, or found right. */
export function plan(
  record: PublishedRecord | undefined,
  source: TreeSource,
  checkpoint: () => void,
): TreeDiff {
  const readTree = (oid: Oid) => {
    checkpoint()
    return source.readTree(oid)
  }
  const { limits, tree } = source
  if (record?.drifted) {
    const diff = diffTrees(record.snapshot.trees, tree, readTree, limits)
    return withDrifted(diff, record.drifted)
  }
  const diff = diffTrees([], tree, readTree, limits)
  if (!record) return diff
  const wanted = new Set(diff.writes.map((file) => file.path))
  return { ...diff, deletes: filesOf(record.snapshot).filter((file) => !wanted.has(file.path)) }
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
    return [{ ...file, index: run.to + file.index - run.from }]
  })
  return again.length === 0 ? diff : { ...diff, writes: [...diff.writes, ...again] }
}
