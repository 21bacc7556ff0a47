// The index of a checkout, from what is remembered of its files: `git status` finds them as they are
// without a look at their content. Files that are known to differ, or left out, are marked as such.
import type { IndexBase } from '../../git/index-base.js'
import type { IndexContent, IndexRecord, IndexTree } from '../../git/index-writer.js'
import { type Oid, objectFormatOf } from '../../git/oid.js'
import { MODE } from '../../git/tree.js'
import { bodiesIn, type TreeOrigin } from '../snapshot/origin.js'
import type { Snapshot } from '../snapshot/snapshot.js'
import { filesOf } from '../tree/file-runs.js'
import { cursorOf, type TreeFile } from '../tree/tree-places.js'
import { type StatusOf, WholeCheckout } from './whole-checkout.js'

/** Which files may have been changed since they were remembered. */
export interface RacyFiles {
  /** Those that were changed last from then on, in milliseconds. */
  fromMs: number
  /** Whether a file is another now, whose status starts there among all that are remembered. */
  isChanged(path: string, at: number): boolean
}

/** What the index of a checkout is made of; `base` is an earlier one, of whichever commit. */
export function indexContent(
  snapshot: Snapshot,
  racy: RacyFiles | undefined,
  base: IndexBase | undefined,
): IndexContent {
  const { commit, origin, trees } = snapshot
  const objectFormat = objectFormatOf(commit)
  const statusOf = statusIn(snapshot, racy)
  if (origin && origin.source !== trees[0]?.oid) {
    const trees = treesOf(origin, snapshot)
    const records = recordsOfPart(snapshot, origin, statusOf)
    return { objectFormat, count: trees[0]?.files ?? 0, records, trees, isSparse: true }
  }
  const whole = new WholeCheckout(snapshot, statusOf, base)
  const count = trees[0]?.files ?? 0
  return { objectFormat, count, records: whole.records(), trees: whole.trees }
}

/** Those of the commit that the checkout leaves out as well. */
function* recordsOfPart(
  snapshot: Snapshot,
  origin: TreeOrigin,
  statusOf: StatusOf,
): Generator<IndexRecord> {
  const published = filesOf(snapshot)[Symbol.iterator]()
  let next = published.next()
  for (const file of filesBelow(origin.source, bodiesIn(snapshot), [])) {
    // What is published and not of this commit lies in a submodule.
    while (!next.done && next.value.path < file.path) next = published.next()
    const isPublished = !next.done && next.value.path === file.path
    const status = isPublished
      ? statusOf((next.value as TreeFile).index, file.mode, () => file.path)
      : { size: undefined, mtimeMs: 0, isSkipped: file.mode !== MODE.gitlink }
    yield { ...file, ...status }
  }
}

/** The trees of a commit, in pre-order. */
function treesOf({ source }: TreeOrigin, snapshot: Snapshot): IndexTree[] {
  const trees: IndexTree[] = []
  for (const _ of filesBelow(source, bodiesIn(snapshot), trees));
  return trees
}

function statusIn({ stats }: Snapshot, racy: RacyFiles | undefined): StatusOf {
  const { fromMs = Number.POSITIVE_INFINITY } = racy ?? {}
  return (index, mode, path) => {
    const [size, mtimeMs] = [stats.field(index, 0), stats.field(index, 1)]
    const isRacy =
      mtimeMs >= fromMs && mode !== MODE.gitlink && (racy?.isChanged(path(), index) ?? false)
    return { mtimeMs, size: size >= 0 && !isRacy ? size : undefined }
  }
}

type CommitFile = Pick<IndexRecord, 'mode' | 'path' | 'rawOid'>

/**
 * The files of a commit's own tree, of which not all need be published; the tree and those below it
 * are added to `trees`, each of which is right once its files were gone through.
 */
function* filesBelow(
  oid: Oid,
  bodies: ReadonlyMap<Oid, Buffer>,
  trees: IndexTree[],
  { directory = '', name = '' } = {},
): Generator<CommitFile, IndexTree> {
  const body = bodies.get(oid)
  if (!body) throw new RangeError(`the tree ${oid} is not remembered`)
  const tree = { name, oid, files: 0, subtrees: 0 }
  trees.push(tree)
  for (const entry = cursorOf({ oid, body }); entry.next(); ) {
    const { mode, name } = entry
    if (mode === MODE.tree) {
      const at = { directory: `${directory}${name}/`, name }
      const { files } = yield* filesBelow(entry.oid, bodies, trees, at)
      tree.files += files
      tree.subtrees++
    } else {
      tree.files++
      yield { path: directory + name, mode, rawOid: entry.rawOid }
    }
  }
  return tree
}
