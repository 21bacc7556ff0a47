// Other trees in the place of submodules: only the trees on the way to them become other ones.
import { hashObject } from '../../git/object.js'
import { type Oid, objectFormatOf } from '../../git/oid.js'
import { decodeTree, encodeTree, MODE, type TreeEntry } from '../../git/tree.js'
import { sortKey } from './safe-name.js'

type TreeReader = (oid: Oid) => Buffer

/** The commits of the submodules that a tree has at any of these byte paths. */
export function gitlinksAt(
  tree: Oid,
  paths: Iterable<string>,
  readTree: TreeReader,
): Map<string, Oid> {
  const decoded = new Map<Oid, Map<string, TreeEntry>>()
  const entriesOf = (oid: Oid) => {
    const known = decoded.get(oid)
    if (known) return known
    const entries = decodeTree(readTree(oid), oid.length / 2)
    const byName = new Map(entries.map((entry) => [entry.name, entry]))
    decoded.set(oid, byName)
    return byName
  }
  const found = new Map<string, Oid>()
  for (const path of paths) {
    let entry: Pick<TreeEntry, 'mode' | 'oid'> | undefined = { mode: MODE.tree, oid: tree }
    for (const name of path.split('/')) {
      entry = entry?.mode === MODE.tree ? entriesOf(entry.oid).get(name) : undefined
      if (!entry) break
    }
    if (entry?.mode === MODE.gitlink) found.set(path, entry.oid)
  }
  return found
}

/** A tree with other trees in the place of its submodules; `bodies` has what this takes. */
export function graft(
  tree: Oid,
  trees: ReadonlyMap<string, Oid>,
  readTree: TreeReader,
): { tree: Oid; bodies: Map<Oid, Buffer> } {
  const bodies = new Map<Oid, Buffer>()
  const graftBelow = (oid: Oid, below: ReadonlyMap<string, Oid>): Oid => {
    if (below.size === 0) return oid
    const byName = groupByName(below)
    const entries = decodeTree(readTree(oid), oid.length / 2).map((entry): TreeEntry => {
      const inside = byName.get(entry.name)
      if (!inside) return entry
      if (entry.mode === MODE.tree) return { ...entry, oid: graftBelow(entry.oid, inside) }
      return { ...entry, mode: MODE.tree, oid: inside.get('') ?? entry.oid }
    })
    entries.sort((one, other) =>
      sortKey(one.name, one.mode) < sortKey(other.name, other.mode) ? -1 : 1,
    )
    const body = encodeTree(entries)
    const grafted = hashObject('tree', body, objectFormatOf(oid))
    bodies.set(grafted, body)
    return grafted
  }
  return { tree: graftBelow(tree, trees), bodies }
}

/** By the first name of each path: what follows it, which is empty where nothing does. */
function groupByName(trees: ReadonlyMap<string, Oid>): Map<string, Map<string, Oid>> {
  const groups = new Map<string, Map<string, Oid>>()
  for (const [path, tree] of trees) {
    const [name = '', ...rest] = path.split('/')
    const group = groups.get(name) ?? new Map<string, Oid>()
    groups.set(name, group.set(rest.join('/'), tree))
  }
  return groups
}
