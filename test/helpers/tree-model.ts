// Trees as nested maps, encoded as git objects: for trees that git itself would not make,
// and for random ones.
import { hashObject } from '../../src/git/object.js'
import type { Oid } from '../../src/git/oid.js'
import { MODE, type Mode } from '../../src/git/tree.js'
import { sortKey } from '../../src/publish/tree/safe-name.js'
import { joinBytePath } from '../../src/volume/byte-path.js'
import { type MemoryTarget, memoryTarget } from './git-target.js'

/** A file (or symlink, or gitlink), by its mode and what it holds. */
export interface ModelFile {
  mode: Exclude<Mode, typeof MODE.tree>
  content: string
}

/** A directory: what it holds by name, each name a byte string. */
export type ModelTree = ReadonlyMap<string, ModelNode>

export type ModelNode = ModelFile | ModelTree

/** A file of a tree, flat. */
export interface FlatFile {
  path: string
  mode: number
  oid: Oid
}

export const isTree = (node: ModelNode): node is ModelTree => node instanceof Map

/** A tree of a plain object: a string is a file's content. */
export function modelOf(entries: { [name: string]: string | ModelNode }): ModelTree {
  return new Map(
    Object.entries(entries).map(([name, node]) => [
      name,
      typeof node === 'string' ? { mode: MODE.file, content: node } : node,
    ]),
  )
}

/** Encodes a tree with all below it into `objects`, in git's order, and returns its oid. */
export function encodeModel(tree: ModelTree, objects: Map<Oid, Buffer>): Oid {
  const entries = [...tree]
    .map(([name, node]) => ({ name, mode: modeOf(node), oid: encodeNode(node, objects) }))
    .sort((left, right) =>
      sortKey(left.name, left.mode) < sortKey(right.name, right.mode) ? -1 : 1,
    )
  return addTree(entries, objects)
}

/** Encodes entries as they are given, whatever their names and order. */
export function addTree(
  entries: readonly { name: string; mode: number; oid: Oid }[],
  objects: Map<Oid, Buffer>,
): Oid {
  const body = Buffer.concat(
    entries.flatMap(({ name, mode, oid }) => [
      Buffer.from(`${mode.toString(8)} ${name}\0`, 'latin1'),
      Buffer.from(oid, 'hex'),
    ]),
  )
  return addObject('tree', body, objects)
}

export function addBlob(content: string, objects: Map<Oid, Buffer>): Oid {
  return addObject('blob', Buffer.from(content, 'latin1'), objects)
}

/** A target whose objects are those of a model. */
export function modelTarget(tree: ModelTree, commit = 'c'.repeat(40)): MemoryTarget {
  const objects = new Map<Oid, Buffer>()
  return memoryTarget(commit, encodeModel(tree, objects), objects)
}

/** Every file below a tree, in git's order. */
export function flatten(tree: ModelTree, directory = ''): FlatFile[] {
  return [...tree]
    .sort(([a, left], [b, right]) =>
      sortKey(a, modeOf(left)) < sortKey(b, modeOf(right)) ? -1 : 1,
    )
    .flatMap(([name, node]) => {
      const path = joinBytePath(directory, name)
      if (isTree(node)) return flatten(node, path)
      return [{ path, mode: node.mode, oid: addBlob(node.content, new Map()) }]
    })
}

function modeOf(node: ModelNode): Mode {
  return isTree(node) ? MODE.tree : node.mode
}

function encodeNode(node: ModelNode, objects: Map<Oid, Buffer>): Oid {
  return isTree(node) ? encodeModel(node, objects) : addBlob(node.content, objects)
}

function addObject(type: 'tree' | 'blob', body: Buffer, objects: Map<Oid, Buffer>): Oid {
  const oid = hashObject(type, body, 'sha1')
  objects.set(oid, body)
  return oid
}
