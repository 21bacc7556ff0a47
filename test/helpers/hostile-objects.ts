// Objects made by hand, as no git makes them: commits of any tree, trees of any entries,
// and zlib streams and deltas that make much of little.
import { constants, deflateSync } from 'node:zlib'
import { type GitObject, hashObject, type ObjectType } from '../../src/git/object.js'
import { MODE } from '../../src/git/tree.js'
import { assemblePack, copy, encodeDelta, encodeHeader, type PackEntry } from './packs.js'

export interface NamedObject extends GitObject {
  oid: string
}

/** An object and its oid. */
export function objectOf(type: ObjectType, body: Buffer | string): NamedObject {
  const bytes = Buffer.from(body)
  return { type, body: bytes, oid: hashObject(type, bytes, 'sha1') }
}

/** A tree of these entries, as they are given. */
export function treeOf(
  entries: readonly (readonly [name: string, target: { oid: string; type: ObjectType }])[],
): NamedObject {
  const parts = entries.flatMap(([name, { oid, type }]) => {
    const mode = type === 'tree' ? MODE.tree : MODE.file
    return [Buffer.from(`${mode.toString(8)} ${name}\0`), Buffer.from(oid, 'hex')]
  })
  return objectOf('tree', Buffer.concat(parts))
}

/** A commit of a tree, or of whatever has this oid. */
export function commitOf({ oid }: { oid: string }): NamedObject {
  return objectOf('commit', `tree ${oid}\nauthor A <a> 1 +0000\ncommitter A <a> 1 +0000\n\nm\n`)
}

/** An annotated tag of an object. */
export function tagOf({ oid, type }: NamedObject): NamedObject {
  return objectOf('tag', `object ${oid}\ntype ${type}\ntag v1\ntagger A <a> 1 +0000\n\nm\n`)
}

/** Trees that hold each other `width` times, `depth` deep: the outermost is the first. */
export function treeBomb(width: number, depth: number, leaf: NamedObject): NamedObject[] {
  const trees: NamedObject[] = []
  for (let level = 0, target = leaf; level < depth; level++) {
    const of = target
    target = treeOf(Array.from({ length: width }, (_, n) => [`e${n}`, of] as const))
    trees.unshift(target)
  }
  return trees
}

/** The bytes of a blob of zeros, as an entry of a pack: a thousandth of its size. */
export function zeros(bytes: number): PackEntry {
  const body = deflateSync(Buffer.alloc(bytes), { level: constants.Z_BEST_COMPRESSION })
  return { raw: Buffer.concat([encodeHeader(3, bytes), body]) }
}

/** What a copy instruction copies at most, in bytes. */
const MAX_COPY_BYTES = 0xffffff

/** A pack of two entries and a few kilobytes, whose second inflates to `times` 16 MiB. */
export function deltaBomb(times: number): Buffer {
  const copies = Array.from({ length: times }, () => copy(0, MAX_COPY_BYTES))
  const delta = encodeDelta(MAX_COPY_BYTES, times * MAX_COPY_BYTES, ...copies)
  return assemblePack([zeros(MAX_COPY_BYTES), { base: { entry: 0 }, delta }])
}
