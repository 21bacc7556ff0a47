// Packs of at most 4 MiB that ask for as much memory as they can, each in its own way. Of what does not
// break a limit, most lacks the one blob of all its files, so that nothing is published.
import { randomBytes } from 'node:crypto'
import { deflateSync } from 'node:zlib'
import type { Oid } from '../../src/git/oid.js'
import { commitOf, type NamedObject, objectOf, treeOf } from './hostile-objects.js'
import {
  assemblePack,
  copy,
  encodeDelta,
  encodeDistance,
  encodeHeader,
  insert,
  type PackEntry,
} from './packs.js'

const MIB = 2 ** 20

/** What such packs weigh at most, in bytes. */
export const MAX_HEAVY_BYTES = 4 * MIB

/** A pack, and the commit that it is to bring. */
export interface HeavyPack {
  pack: Buffer
  want: Oid
}

const LACKING = objectOf('blob', 'not in any pack')

/** Every pack, by what is heavy of it. */
export const HEAVY_PACKS: Readonly<Record<string, () => HeavyPack>> = {
  'a commit of a quarter of a gigabyte': () => {
    const commit = objectOf('commit', Buffer.alloc(255 * MIB, 'm'))
    return { want: commit.oid, pack: assemblePack([commit]) }
  },
  'one tree of a quarter of a gigabyte': () => packOf([crowd(255 * MIB, 240)]),
  'one tree that is as large as a tree may be': () => packOf([crowd(16 * MIB - 40, 0)]),
  'deltas of trees': () => {
    const base = objectOf('tree', Buffer.alloc(15 * MIB, 'x'))
    const deltas = Array.from({ length: 20 }, (_, n): PackEntry => {
      const size = base.body.length + n
      const delta = encodeDelta(size, size + 1, copy(0, size), insert(Buffer.from('x')))
      return { base: { entry: n }, delta }
    })
    return { want: commitOf(LACKING).oid, pack: assemblePack([base, ...deltas, commitOf(LACKING)]) }
  },
  'a delta of a blob of a quarter of a gigabyte': () => {
    const base = objectOf('blob', Buffer.alloc(255 * MIB, 'x'))
    const made = objectOf('blob', Buffer.concat([base.body.subarray(15 * MIB), Buffer.from('y')]))
    const copies = Array.from({ length: 16 }, (_, n) => copy(n * 15 * MIB, 15 * MIB))
    const delta = encodeDelta(255 * MIB, made.body.length, ...copies, insert(Buffer.from('y')))
    const tree = treeOf([['f', made]])
    const commit = commitOf(tree)
    const entries = [commit, tree, base, { base: { entry: 2 }, delta }]
    return { want: commit.oid, pack: assemblePack(entries) }
  },
  'more files than there may be': () => packOf(wide(1100, 1000)),
  'a million files of a thousand directories': () => packOf(wide(998, 1000)),
  'half a million directories of one file each': () =>
    packOf(wide(499, 999, treeOf([['f', LACKING]]))),
  'a million directories of nothing': () => packOf([...wide(998, 1000, treeOf([]))]),
  'a million files whose paths are long': () => {
    const [root, ...below] = wide(998, 1000)
    const deep = [root as NamedObject]
    for (let depth = 0; depth < 15; depth++) {
      deep.push(treeOf([['n'.repeat(250), deep.at(-1) as NamedObject]]))
    }
    return packOf([...deep.reverse(), ...below])
  },
  'a million names in trees of their own': () => {
    const trees = Array.from({ length: 990 }, (_, n) => crowd(33 * 1000, 0, n))
    const root = treeOf(trees.map((tree, n) => [`d${1000 + n}`, tree] as const))
    return packOf([root, ...trees])
  },
  'long names in trees of their own': () => {
    const trees = Array.from({ length: 16 }, (_, n) => crowd(15 * MIB, 240, n))
    const root = treeOf(trees.map((tree, n) => [`d${1000 + n}`, tree] as const))
    return packOf([root, ...trees])
  },
  'sixty thousand tiny trees': () => {
    const trees = Array.from({ length: 60_000 }, (_, n) => treeOf([[`${100_000 + n}`, LACKING]]))
    const root = treeOf(trees.map((tree, n) => [`${100_000 + n}`, tree] as const))
    return packOf([root, ...trees])
  },
  'as many objects as fit': () => packOf([treeOf([['f', LACKING]])], repeat(tiny(3, ''))),
  'as many deltas as fit, that wait for bases': () => {
    const wait = () =>
      Buffer.concat([encodeHeader(7, DELTA.length), randomBytes(20), deflateSync(DELTA)])
    const count = Math.floor((MAX_HEAVY_BYTES - 1000) / wait().length)
    return packOf([treeOf([['f', LACKING]])], Array.from({ length: count }, wait))
  },
  'as many deltas as fit, that wait for each other': () => {
    const first = Buffer.concat([
      encodeHeader(7, DELTA.length),
      randomBytes(20),
      deflateSync(DELTA),
    ])
    const rest = (distance: number) =>
      Buffer.concat([encodeHeader(6, DELTA.length), encodeDistance(distance), deflateSync(DELTA)])
    const second = rest(first.length)
    const next = rest(second.length)
    return packOf([treeOf([['f', LACKING]])], [first, second, ...repeat(next)])
  },
}

const DELTA = encodeDelta(1, 2, copy(0, 1), insert(Buffer.from('x')))

/** A pack of a commit of the first of these trees, and of further entries. */
function packOf(trees: readonly NamedObject[], more: readonly Buffer[] = []): HeavyPack {
  const commit = commitOf(trees[0] as NamedObject)
  const entries = [commit, ...trees, ...more.map((raw) => ({ raw }))]
  return { want: commit.oid, pack: assemblePack(entries) }
}

/** A root of `width` directories of `files` files each, or other things. */
function wide(width: number, files: number, leaf: NamedObject = LACKING): NamedObject[] {
  const inner = many(files, leaf)
  return [many(width, inner), inner, ...(leaf.type === 'tree' ? [leaf] : [])]
}

/** A tree of so many entries that are one. */
function many(count: number, target: NamedObject): NamedObject {
  return treeOf(Array.from({ length: count }, (_, n) => [`e${10_000 + n}`, target] as const))
}

/** A tree of so many bytes, whose names are told apart by `number` from those of another. */
function crowd(bytes: number, padding: number, number = 0): NamedObject {
  const target = Buffer.from(LACKING.oid, 'hex')
  const entry = Buffer.concat([Buffer.from(`100644 f0000000${'x'.repeat(padding)}\0`), target])
  const body = Buffer.alloc(bytes - (bytes % entry.length), entry)
  for (let at = 0, n = number * 1_000_000; at < body.length; at += entry.length, n++) {
    body.write(String(n % 10_000_000).padStart(7, '0'), at + 8, 'latin1')
  }
  return objectOf('tree', body)
}

function tiny(type: number, content: string): Buffer {
  return Buffer.concat([encodeHeader(type, content.length), deflateSync(content)])
}

/** As often as a pack holds it beside a commit and a tree. */
function repeat(entry: Buffer): Buffer[] {
  const count = Math.floor((MAX_HEAVY_BYTES - 1000) / entry.length)
  return Array.from({ length: count }, () => entry)
}
