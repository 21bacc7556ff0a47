// What is published, as remembered between runs: the commit, its tree objects, and one
// record per file. Bytes that are damaged or of another version count as none.
import { hash } from 'node:crypto'
import type { Oid } from '../git/oid.js'
import { objectFormatOf } from '../git/oid.js'
import type { TreeDiff, TreeRecord } from './tree-diff.js'

const MAGIC = 'git-autosync snapshot 1\n'
const CHECKSUM = 'sha1'
export const CHECKSUM_BYTES = 20
/** Of one file: size in bytes, time of modification in milliseconds, inode, executable bit. */
export const STAT_FIELDS = 4
/** Of one tree in the table, after its oid: body length, occurrences and files below, as u32. */
const TREE_FIELDS = 3

export interface Snapshot {
  commit: Oid
  /** Every tree occurrence, in pre-order; the first is the root. */
  trees: TreeRecord[]
  /** {@link STAT_FIELDS} numbers for each file, in pre-order. */
  stats: Float64Array
}

/** Magic, a line of JSON, the table of trees, their bodies, the stats, and a checksum of it all. */
export function encodeSnapshot({ commit, trees, stats }: Snapshot): Buffer {
  const oidLength = commit.length / 2
  const header = `${MAGIC}${JSON.stringify({ commit, trees: trees.length, files: stats.length / STAT_FIELDS })}\n`
  const table = Buffer.allocUnsafe(trees.length * (oidLength + TREE_FIELDS * 4))
  let position = 0
  for (const { oid, body, trees: below, files } of trees) {
    position += table.write(oid, position, 'hex')
    for (const field of [body.length, below, files]) position = table.writeUInt32LE(field, position)
  }
  const parts = [
    Buffer.from(header, 'latin1'),
    table,
    ...trees.map(({ body }) => body),
    Buffer.from(stats.buffer, stats.byteOffset, stats.byteLength),
    Buffer.alloc(CHECKSUM_BYTES),
  ]
  return seal(Buffer.concat(parts))
}

/** The inverse of {@link encodeSnapshot}; undefined where the bytes are not what it wrote. */
export function decodeSnapshot(bytes: Buffer): Snapshot | undefined {
  const content = unseal(bytes, MAGIC)
  if (!content) return undefined
  const headerEnd = content.indexOf(0x0a, MAGIC.length) + 1
  const header = JSON.parse(content.toString('latin1', MAGIC.length, headerEnd)) as {
    commit: Oid
    trees: number
    files: number
  }
  const oidLength = objectFormatOf(header.commit) === 'sha1' ? 20 : 32
  const trees: TreeRecord[] = []
  let position = headerEnd
  let bodyAt = headerEnd + header.trees * (oidLength + TREE_FIELDS * 4)
  for (let index = 0; index < header.trees; index++) {
    const oid = content.toString('hex', position, position + oidLength)
    position += oidLength
    const bodyEnd = bodyAt + content.readUInt32LE(position)
    trees.push({
      oid,
      body: content.subarray(bodyAt, bodyEnd),
      trees: content.readUInt32LE(position + 4),
      files: content.readUInt32LE(position + 8),
    })
    position += TREE_FIELDS * 4
    bodyAt = bodyEnd
  }
  const stats = new Float64Array(header.files * STAT_FIELDS)
  content.copy(new Uint8Array(stats.buffer), 0, bodyAt)
  return { commit: header.commit, trees, stats }
}

/** Runs of unchanged files take what is remembered of them to their new place among `count` files. */
export function carryStats(
  stats: Float64Array,
  kept: TreeDiff['kept'],
  count: number,
): Float64Array {
  const carried = new Float64Array(count * STAT_FIELDS)
  for (const run of kept) {
    const start = run.from * STAT_FIELDS
    carried.set(stats.subarray(start, start + run.count * STAT_FIELDS), run.to * STAT_FIELDS)
  }
  return carried
}

/** Ends bytes that leave room for it with their checksum. */
export function seal(bytes: Buffer): Buffer {
  const content = bytes.subarray(0, -CHECKSUM_BYTES)
  hash(CHECKSUM, content, 'buffer').copy(bytes, content.length)
  return bytes
}

/** What was sealed, without its checksum; undefined where that is wrong, or `magic` missing. */
export function unseal(bytes: Buffer, magic: string): Buffer | undefined {
  const content = bytes.subarray(0, -CHECKSUM_BYTES)
  if (content.toString('latin1', 0, magic.length) !== magic) return undefined
  const isWhole = hash(CHECKSUM, content, 'buffer').equals(bytes.subarray(-CHECKSUM_BYTES))
  return isWhole ? content : undefined
}

/** What tells one snapshot's bytes from another's. */
export function checksumOf(bytes: Buffer): string {
  return bytes.toString('hex', bytes.length - CHECKSUM_BYTES)
}
