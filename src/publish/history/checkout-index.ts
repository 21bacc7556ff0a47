// The index of a checkout, from what is remembered of its files: `git status` finds them as they are
// without a look at their content. Files that are known to differ, or left out, are marked as such.
import type { IndexRecord, IndexTree } from '../../git/index-writer.js'
import type { Oid } from '../../git/oid.js'
import { MODE, type TreeCursor } from '../../git/tree.js'
import { bodiesIn } from '../snapshot/origin.js'
import { type Snapshot, STAT_FIELDS } from '../snapshot/snapshot.js'
import { filesOf } from '../tree/file-runs.js'
import { cursorOf, type TreeFile, type TreeRecord } from '../tree/tree-places.js'

/**
 * Whether git is to look at a file's content, given when it was last changed, and where its status
 * starts among all that are remembered.
 */
export type IsDoubtful = (path: string, mtimeMs: number, at: number) => boolean

/** The records of a checkout; those of the commit that it leaves out as well. */
export function* indexRecords(snapshot: Snapshot, isDoubtful: IsDoubtful): Generator<IndexRecord> {
  const { origin } = snapshot
  if (!origin) {
    let index = 0
    for (const file of filesInOrder(snapshot.trees)) {
      yield recordOf(snapshot, file, index++, isDoubtful)
    }
    return
  }
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

/** How many records {@link indexRecords} yields. */
export function countRecords(snapshot: Snapshot): number {
  const { origin, trees } = snapshot
  if (!origin) return trees[0]?.files ?? 0
  let count = 0
  for (const _ of filesBelow(origin.source, bodiesIn(snapshot), '')) count++
  return count
}

/** The trees of a commit that is published whole, in pre-order. */
export function* indexTrees({ trees }: Snapshot): Generator<IndexTree> {
  let at = 0
  const next = function* (name: string): Generator<IndexTree> {
    const tree = trees[at++] as TreeRecord
    const names: string[] = []
    for (const entry = cursorOf(tree); entry.next(); ) {
      if (entry.mode === MODE.tree) names.push(entry.name)
    }
    yield { name, oid: tree.oid, files: tree.files, subtrees: names.length }
    for (const below of names) yield* next(below)
  }
  yield* next('')
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

/** The files of trees in pre-order. */
function* filesInOrder(trees: readonly TreeRecord[]): Generator<CommitFile> {
  const way: { directory: string; entries: TreeCursor }[] = []
  const enter = (tree: number, directory: string) => {
    const record = trees[tree]
    if (record) way.push({ directory, entries: cursorOf(record) })
  }
  let next = 0
  enter(next++, '')
  for (let last = way.at(-1); last; last = way.at(-1)) {
    const { directory, entries } = last
    if (!entries.next()) {
      way.pop()
      continue
    }
    const { mode } = entries
    const path = directory + entries.name
    if (mode === MODE.tree) enter(next++, `${path}/`)
    else yield { path, mode, rawOid: entries.rawOid }
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
