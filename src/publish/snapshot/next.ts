// What is remembered of a commit once it is published: of what stays, what was remembered
// before; of what was staged, what was found out then.
import type { Oid } from '../../git/oid.js'
import type { FileRecords } from '../stage/file-records.js'
import type { TreeDiff } from '../tree/tree-diff.js'
import { ALL_AS_STORED, carryContent } from './content.js'
import { type AttributesFile, carryStats, type Snapshot, STAT_FIELDS } from './snapshot.js'

/** The snapshot of a commit whose diff starts from `before`, and whose files were staged. */
export function nextSnapshot(
  before: Snapshot | undefined,
  { commit, attributes }: { commit: Oid; attributes: readonly AttributesFile[] },
  { trees, kept, writes }: TreeDiff,
  staged: FileRecords,
): Snapshot {
  const count = trees[0]?.files ?? 0
  const stats = carryStats(before?.stats ?? new Float64Array(), kept, count)
  const changed = new Map<number, Oid | undefined>()
  for (const { path, index } of writes) {
    const stat = staged.statOf(path)
    if (stat) stats.set(stat, index * STAT_FIELDS)
    changed.set(index, staged.contentOf(path))
  }
  const content = carryContent(before?.content ?? ALL_AS_STORED, kept, count, {
    like: commit,
    changed,
  })
  return { commit, trees, stats, attributes, content }
}
