// What must change so that what is on disk becomes equal to a tree: the difference to what was
// published last, and to what was found of that. Nothing is looked at here, and nothing written.
import type { Limits } from '../../git/limits.js'
import type { Oid } from '../../git/oid.js'
import { filesOf } from '../snapshot/comparison.js'
import { diffTrees, type TreeDiff, type TreeFile } from '../tree/tree-diff.js'
import type { Known } from './record.js'

/** The tree to publish. */
export interface TargetTree {
  tree: Oid
  readTree(oid: Oid): Buffer
  /** What the commit may take at most. @default no limits */
  limits?: Limits
}

/** What must change; where what is on disk is in doubt, all is to be written, or found right. */
export function plan(
  known: Known | undefined,
  target: TargetTree,
  checkpoint: () => void,
): TreeDiff {
  const readTree = (oid: Oid) => {
    checkpoint()
    return target.readTree(oid)
  }
  const { limits, tree } = target
  if (known?.drifted) {
    const diff = diffTrees(known.snapshot.trees, tree, readTree, limits)
    return withDrifted(diff, known.drifted)
  }
  const diff = diffTrees([], tree, readTree, limits)
  if (!known) return diff
  const wanted = new Set(diff.writes.map((file) => file.path))
  return { ...diff, deletes: filesOf(known.snapshot).filter((file) => !wanted.has(file.path)) }
}

/** Trees of another object format say nothing about what must change: then the files do. */
export function distrustOtherFormat(known: Known, commit: Oid): Known {
  return known.snapshot.commit.length === commit.length
    ? known
    : { ...known, isTrusted: false, drifted: undefined }
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
