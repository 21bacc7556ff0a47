// Where published trees come from that are not the commit's own: which part of it was selected, and
// the trees of the commit that are not published. The next commit is composed beside them, and they
// are the bases of its deltas.
import type { Oid } from '../../git/oid.js'
import { decodeTree, MODE } from '../../git/tree.js'
import type { TreeAttributes } from '../tree/attribute-plan.js'
import type { TreeRecord } from '../tree/tree-places.js'

/** What the published trees were composed of. */
export interface TreeOrigin extends EncodedOrigin {
  /** Trees of the commit that are not published as they are, by their oid. */
  trees: ReadonlyMap<Oid, Buffer>
}

/** What is written down of an origin beside its trees. */
export interface EncodedOrigin {
  /** Tells one selection from another. */
  selection: string
  /** The directory of the repository that is published, as a byte path. */
  subdir: string
  /** The root of the commit's tree. */
  source: Oid
  /** Whether pointers of Git LFS became the files they stand for. @default false */
  lfs?: boolean
  /** The submodules that are published with it, those of submodules as well. @default none */
  modules?: readonly PublishedSubmodule[]
}

/** A submodule that is published in its superproject. */
export interface PublishedSubmodule {
  /** The byte path from the root of the repository that is published. */
  path: string
  /** Where it was fetched from, without credentials. */
  url: string
  commit: Oid
  /** The root of that commit's tree, and the tree that is published of it. */
  source: Oid
  tree: Oid
  /** What its superproject calls it, as a byte string; undefined where an earlier version wrote it. */
  name?: string | undefined
  /** The commits at which its history ends; undefined where none is kept. */
  shallow?: readonly Oid[] | undefined
}

/** Published trees, and what they were composed of. */
interface Composed {
  trees: readonly TreeRecord[]
  origin?: TreeOrigin | undefined
}

/** All trees that a snapshot knows, by their oid. */
export function bodiesIn({ trees, origin }: Composed): Map<Oid, Buffer> {
  const bodies = new Map(origin?.trees)
  for (const { oid, body } of trees) bodies.set(oid, body)
  return bodies
}

/** What is written down of an origin beside its trees. */
export function encodeOrigin(origin: TreeOrigin): EncodedOrigin {
  const { lfs, modules, selection, source, subdir } = origin
  return { selection, subdir, source, ...(lfs && { lfs }), ...(modules && { modules }) }
}

/** What the attributes of published files depend on beside the attributes files. */
export function placesIn(origin: EncodedOrigin | undefined): Omit<TreeAttributes, 'files'> {
  const { lfs = false, modules = [], subdir = '' } = origin ?? {}
  return { lfs, subdir, roots: modules.map(({ path }) => path) }
}

/** The byte paths of what leads to the repositories of submodules, of those that have any. */
export function moduleGitfiles(origin: EncodedOrigin | undefined): string[] {
  const kept = origin?.modules?.filter(({ name, shallow }) => name !== undefined && shallow)
  return kept?.map(({ path }) => `${path}/.git`) ?? []
}

/** Trees by their oid: oid and length of each, then their bodies. */
export function encodeBodies(bodies: ReadonlyMap<Oid, Buffer>): Buffer[] {
  const table = [...bodies].map(([oid, body]) => {
    const row = Buffer.from(`${oid}00000000`, 'hex')
    row.writeUInt32LE(body.length, row.length - 4)
    return row
  })
  return [...table, ...bodies.values()]
}

/** The inverse of {@link encodeBodies}, for `count` trees at `start`. */
export function decodeBodies(
  bytes: Buffer,
  start: number,
  count: number,
  oidLength: number,
): { bodies: Map<Oid, Buffer>; end: number } {
  const bodies = new Map<Oid, Buffer>()
  let end = start + count * (oidLength + 4)
  for (let row = start, left = count; left > 0; left--, row += oidLength + 4) {
    const bodyEnd = end + bytes.readUInt32LE(row + oidLength)
    bodies.set(bytes.toString('hex', row, row + oidLength), bytes.subarray(end, bodyEnd))
    end = bodyEnd
  }
  if (end > bytes.length) throw new RangeError('the trees are cut')
  return { bodies, end }
}

/** The roots of the trees of a commit and of its submodules. */
export function sourcesOf({ modules = [], source }: EncodedOrigin): Oid[] {
  return [source, ...modules.map((module) => module.source)]
}

/** An origin without the trees of earlier commits. */
export function pruneOrigin({ origin, trees }: Composed): TreeOrigin | undefined {
  if (!origin) return undefined
  const published = new Set(trees.map(({ oid }) => oid))
  const bodies = bodiesIn({ trees, origin })
  const needed = new Map<Oid, Buffer>()
  const seen = new Set<Oid>()
  const pending = sourcesOf(origin)
  for (let oid = pending.pop(); oid !== undefined; oid = pending.pop()) {
    const body = bodies.get(oid)
    if (!body || seen.has(oid)) continue
    seen.add(oid)
    if (!published.has(oid)) needed.set(oid, body)
    for (const entry of decodeTree(body, oid.length / 2)) {
      if (entry.mode === MODE.tree) pending.push(entry.oid)
    }
  }
  return { ...origin, trees: needed }
}
