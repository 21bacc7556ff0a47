// The index of a checkout, from what is remembered of its files: `git status` finds them as they are
// without a look at their content. Files that are known to differ, or left out, are marked as such.
import type { IndexRecord, IndexTree } from '../../git/index-writer.js'
import type { Oid } from '../../git/oid.js'
import { MODE } from '../../git/tree.js'
import { bodiesIn } from '../snapshot/origin.js'
import { type Snapshot, STAT_FIELDS } from '../snapshot/snapshot.js'
import { filesOf } from '../tree/file-runs.js'
import { cursorOf, type TreeFile, type TreeRecord } from '../tree/tree-places.js'

/** Whether git is to look at a file's content, given what is remembered of its status. */
export type IsDoubtful = (path: string, fields: Float64Array) => boolean

/** The records of a checkout; those of the commit that it leaves out as well. */
export function* indexRecords(snapshot: Snapshot, isDoubtful: IsDoubtful): Generator<IndexRecord> {
  const { origin } = snapshot
  if (!origin) {
    for (const file of filesOf(snapshot)) yield recordOf(snapshot, file, file.oid, isDoubtful)
    return
  }
  const published = filesOf(snapshot)[Symbol.iterator]()
  let next = published.next()
  for (const file of filesBelow(origin.source, bodiesIn(snapshot), '')) {
    // What is published and not of this commit lies in a submodule.
    while (!next.done && next.value.path < file.path) next = published.next()
    const isPublished = !next.done && next.value.path === file.path
    yield isPublished && file.mode !== MODE.gitlink
      ? recordOf(snapshot, next.value as TreeFile, file.oid, isDoubtful)
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
  { index, mode, path }: TreeFile,
  oid: Oid,
  isDoubtful: IsDoubtful,
): IndexRecord {
  const fields = stats.subarray(index * STAT_FIELDS, (index + 1) * STAT_FIELDS)
  const [size = -1, mtimeMs = 0] = fields
  const isKnown = size >= 0 && (mode === MODE.gitlink || !isDoubtful(path, fields))
  return { path, mode, oid, mtimeMs, size: isKnown ? size : undefined }
}

/** The files of a commit's own tree, of which not all need be published. */
function* filesBelow(
  oid: Oid,
  bodies: ReadonlyMap<Oid, Buffer>,
  directory: string,
): Generator<Pick<IndexRecord, 'mode' | 'oid' | 'path'>> {
  const body = bodies.get(oid)
  if (!body) throw new RangeError(`the tree ${oid} is not remembered`)
  for (const entry = cursorOf({ oid, body }); entry.next(); ) {
    const { mode, name, oid: below } = entry
    if (mode === MODE.tree) yield* filesBelow(below, bodies, `${directory}${name}/`)
    else yield { path: directory + name, mode, oid: below }
  }
}
