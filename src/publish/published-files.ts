// The files a snapshot stands for, and whether they are still on disk as it remembers them.
import type { Stats } from 'node:fs'
import { MODE } from '../git/tree.js'
import { joinBytePath, parentOf, toBytePath } from './byte-path.js'
import { type Snapshot, STAT_FIELDS } from './snapshot.js'
import { diffTrees, type TreeFile } from './tree-diff.js'
import { listTree, realDirectories, statIfPresent } from './volume.js'

/** Every file of a snapshot. */
export function filesOf({ trees }: Snapshot): TreeFile[] {
  const [rootTree] = trees
  const bodies = new Map(trees.map(({ oid, body }) => [oid, body]))
  return rootTree ? diffTrees([], rootTree.oid, (oid) => bodies.get(oid) as Buffer).writes : []
}

/** Whether every file is on disk as the snapshot remembers it, by its status alone. */
export function isIntact(root: string, snapshot: Snapshot): boolean {
  const rootPath = toBytePath(root)
  const isReal = realDirectories(rootPath)
  if (!isReal('')) return false
  return filesOf(snapshot).every(({ path, mode, index }) => {
    if (!isReal(parentOf(path))) return false
    const stat = statIfPresent(joinBytePath(rootPath, path))
    if (!stat || mode === MODE.gitlink) return stat?.isDirectory() ?? false
    const remembered = snapshot.stats.subarray(index * STAT_FIELDS, (index + 1) * STAT_FIELDS)
    return statFields(stat).every((value, at) => value === remembered[at])
  })
}

/** Whether a directory holds nothing but what the snapshot stands for. */
export function holdsNothingElse(root: string, snapshot: Snapshot): boolean {
  const own = new Set<string>()
  for (const file of filesOf(snapshot)) {
    for (let path = file.path; path !== '' && !own.has(path); path = parentOf(path)) own.add(path)
  }
  return listTree(toBytePath(root)).every(({ path }) => own.has(path))
}

/** What a snapshot remembers of a file. */
export function statFields({ size, mtimeMs, ino, mode }: Stats): number[] {
  return [size, mtimeMs, ino, mode & 0o100]
}
