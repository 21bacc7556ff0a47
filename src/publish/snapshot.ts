// What is published, as remembered between runs: the commit, its tree objects, and one
// record per file. A snapshot is written whole beside the one it replaces; one that is
// damaged or of another version counts as none.
import { hash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import type { Oid } from '../git/oid.js'
import { objectFormatOf } from '../git/oid.js'
import type { TreeRecord } from './tree-diff.js'

const MAGIC = 'git-autosync snapshot 1\n'
const CHECKSUM = 'sha1'
const CHECKSUM_BYTES = 20
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

/** Reads a snapshot; undefined where there is none that can be trusted. */
export function readSnapshot(path: string): Snapshot | undefined {
  const bytes = readIfPresent(path)
  return bytes && decodeSnapshot(bytes)
}

/** Writes a snapshot; it must be a new path, renamed into place later. */
export function writeSnapshot(path: string, snapshot: Snapshot): void {
  writeFileSync(path, encodeSnapshot(snapshot))
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
  const bytes = Buffer.concat(parts)
  const content = bytes.subarray(0, -CHECKSUM_BYTES)
  hash(CHECKSUM, content, 'buffer').copy(bytes, content.length)
  return bytes
}

/** The inverse of {@link encodeSnapshot}; undefined where the bytes are not what it wrote. */
export function decodeSnapshot(bytes: Buffer): Snapshot | undefined {
  const content = bytes.subarray(0, -CHECKSUM_BYTES)
  if (content.toString('latin1', 0, MAGIC.length) !== MAGIC) return undefined
  if (!hash(CHECKSUM, content, 'buffer').equals(bytes.subarray(-CHECKSUM_BYTES))) return undefined
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

function readIfPresent(path: string): Buffer | undefined {
  try {
    return readFileSync(path)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}
