// Snapshots of model trees, with records that tell one file from another.
import { FileStats, STAT_FIELDS } from '../../src/publish/snapshot/file-stats.js'
import { ALL_AS_STORED, type Snapshot } from '../../src/publish/snapshot/snapshot.js'
import { diffTrees } from '../../src/publish/tree/tree-diff.js'
import { type ModelTree, modelTarget } from './tree-model.js'

/** With characters that are no bytes. */
const SUMMARY = { subject: 'Grüße 🙂', author: 'Zoë "é" 日本', committedAt: 1_700_000_000_000 }

export function snapshotOf(tree: ModelTree, record = (field: number) => field / 3): Snapshot {
  const target = modelTarget(tree)
  const { trees } = diffTrees([], target.tree, target.readTree)
  const fields = (trees[0]?.files ?? 0) * STAT_FIELDS
  const stats = FileStats.of(Float64Array.from({ length: fields }, (_, n) => record(n)))
  const { commit } = target
  return { commit, summary: SUMMARY, trees, stats, attributes: [], content: ALL_AS_STORED }
}

/** All records, one after the other. */
export function recordsOf(stats: FileStats): number[][] {
  return Array.from({ length: stats.count }, (_, index) => [...stats.at(index)])
}

/** Without the difference between a buffer and a view of one. */
export function plain(snapshot: Snapshot | undefined) {
  if (!snapshot) return undefined
  const { attributes, commit, content, origin, stats, summary, trees } = snapshot
  return {
    commit,
    summary,
    stats: recordsOf(stats),
    attributes: attributes.map((file) => ({ ...file, body: file.body.toString('latin1') })),
    content: content.toString('hex'),
    trees: trees.map((tree) => ({ ...tree, body: tree.body.toString('latin1') })),
    origin: origin && {
      ...origin,
      trees: [...origin.trees].map(([oid, body]) => `${oid} ${body.toString('latin1')}`).sort(),
    },
  }
}

/** The names in a state directory, with all that belongs to a snapshot as one. */
export function stateNames(names: readonly string[] | undefined): string[] | undefined {
  const more = ['snapshot.changes', 'directories', 'current']
  const others = names?.filter((name) => !more.includes(name))
  return others?.length === 0 ? undefined : others
}
