// The index of a checkout, from what is remembered of its files: `git status` finds them as they are
// without a look at their content. Files that are known to differ, or left out, are marked as such.
import type { IndexContent, IndexRecord, IndexTree } from '../../git/index-writer.js'
import { type Oid, objectFormatOf } from '../../git/oid.js'
import { MODE, type TreeCursor } from '../../git/tree.js'
import { bodiesIn, type TreeOrigin } from '../snapshot/origin.js'
import { type Snapshot, STAT_FIELDS } from '../snapshot/snapshot.js'
import { filesOf } from '../tree/file-runs.js'
import { cursorOf, type TreeFile, type TreeRecord } from '../tree/tree-places.js'

/**
 * Whether git is to look at a file's content, given when it was last changed, and where its status
 * starts among all that are remembered.
 */
export type IsDoubtful = (path: string, mtimeMs: number, at: number) => boolean

/** What the index of a checkout is made of. Its trees are known once the records were gone through. */
export function indexContent(snapshot: Snapshot, isDoubtful: IsDoubtful): IndexContent {
  const { commit, origin } = snapshot
  const trees: IndexTree[] = []
  return {
    objectFormat: objectFormatOf(commit),
    count: countRecords(snapshot),
    records: origin
      ? recordsOfPart(snapshot, origin, isDoubtful)
      : recordsOfAll(snapshot, trees, isDoubtful),
    trees,
    isSparse: origin !== undefined,
  }
}

function* recordsOfAll(
  snapshot: Snapshot,
  trees: IndexTree[],
  isDoubtful: IsDoubtful,
): Generator<IndexRecord> {
  let index = 0
  for (const file of filesInOrder(snapshot.trees, trees)) {
    yield recordOf(snapshot, file, index++, isDoubtful)
  }
}

/** Those of the commit that the checkout leaves out as well. */
function* recordsOfPart(
  snapshot: Snapshot,
  origin: TreeOrigin,
  isDoubtful: IsDoubtful,
): Generator<IndexRecord> {
  const published = filesOf(snapshot)[Symbol.iterator]()
  let next = published.next()
  for (const file of filesBelow(origin.source, bodiesIn(snapshot), '')) {
    // What is published and not of this commit lies in a submodule.
    while (!next.done && next.value.path < file.path) next = published.next()
    const isPublished = !next.done && next.value.path === file.path
    yield isPublished && file.mode !== MODE.gitlink
      ? recordOf(snapshot, file, (next.value as TreeFile).index, isDoubtful)
      : { ...file, size: undefined, mtimeMs: 0, isSkipped: file.mode !== MODE.gitlink }
  }
}

/** How many records there are. */
function countRecords(snapshot: Snapshot): number {
  const { origin, trees } = snapshot
  if (!origin) return trees[0]?.files ?? 0
  let count = 0
  for (const _ of filesBelow(origin.source, bodiesIn(snapshot), '')) count++
  return count
}

function recordOf(
  { stats }: Snapshot,
  { mode, path, rawOid }: CommitFile,
  index: number,
  isDoubtful: IsDoubtful,
): IndexRecord {
  const at = index * STAT_FIELDS
  const [size = -1, mtimeMs = 0] = [stats[at], stats[at + 1]]
  const isKnown = size >= 0 && (mode === MODE.gitlink || !isDoubtful(path, mtimeMs, at))
  return { path, mode, rawOid, mtimeMs, size: isKnown ? size : undefined }
}

type CommitFile = Pick<IndexRecord, 'mode' | 'path' | 'rawOid'>

/** The files of trees in pre-order; `seen` becomes those trees. */
function* filesInOrder(trees: readonly TreeRecord[], seen: IndexTree[]): Generator<CommitFile> {
  const way: { directory: string; entries: TreeCursor; tree: IndexTree }[] = []
  const enter = (name: string, directory: string) => {
    const record = trees[seen.length]
    if (!record) return
    const tree = { name, oid: record.oid, files: record.files, subtrees: 0 }
    seen.push(tree)
    way.push({ directory, entries: cursorOf(record), tree })
  }
  enter('', '')
  for (let last = way.at(-1); last; last = way.at(-1)) {
    const { directory, entries, tree } = last
    if (!entries.next()) {
      way.pop()
      continue
    }
    const { mode, name } = entries
    if (mode === MODE.tree) {
      tree.subtrees++
      enter(name, `${directory}${name}/`)
    } else {
      yield { path: directory + name, mode, rawOid: entries.rawOid }
    }
  }
}

/** The files of a commit's own tree, of which not all need be published. */
function* filesBelow(
  oid: Oid,
  bodies: ReadonlyMap<Oid, Buffer>,
  directory: string,
): Generator<CommitFile> {
  const body = bodies.get(oid)
  if (!body) throw new RangeError(`the tree ${oid} is not remembered`)
  for (const entry = cursorOf({ oid, body }); entry.next(); ) {
    const { mode, name } = entry
    if (mode === MODE.tree) yield* filesBelow(entry.oid, bodies, `${directory}${name}/`)
    else yield { path: directory + name, mode, rawOid: entry.rawOid }
  }
}
