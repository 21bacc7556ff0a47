// Encodes a checkout's index, of any size, chunk by chunk: version 2, or 3 where files are left out of
// the checkout. What git compares of a file is its size and the second of its last change, as with
// core.checkStat=minimal; all else of its status is zero. https://git-scm.com/docs/index-format
import { createHash } from 'node:crypto'
import { type ObjectFormat, type Oid, oidBytes } from './oid.js'
import { MODE } from './tree.js'

/** A file of a commit as it stands in the checkout. */
export interface IndexRecord {
  /** Byte path below the checkout. */
  path: string
  mode: number
  oid: Oid
  /** What was written of it, in bytes; undefined where git is to look at the content itself. */
  size: number | undefined
  /** Milliseconds since the epoch. */
  mtimeMs: number
  /** Whether it is left out of the checkout. @default false */
  isSkipped?: boolean
}

/** A tree that a part of the index equals. */
export interface IndexTree {
  /** Its name in the tree above; empty for the root. */
  name: string
  oid: Oid
  /** How many entries lie below it, and how many trees directly in it. */
  files: number
  subtrees: number
}

/** What an index is made of. */
export interface IndexContent {
  objectFormat: ObjectFormat
  /** How many records there are. */
  count: number
  /** In the order of their paths' bytes. */
  records: Iterable<IndexRecord>
  /** In pre-order. @default none is written */
  trees?: Iterable<IndexTree>
  /** Whether any record is left out of the checkout. @default false */
  isSparse?: boolean
}

const CHUNK_BYTES = 256 * 1024
/** Times, device, inode, mode, owner and size, before the oid. */
const STAT_BYTES = 40
const [MTIME_AT, MODE_AT, SIZE_AT] = [8, 24, 36]
const MAX_LENGTH = 0xfff
const EXTENDED = 0x4000
const SKIP_WORKTREE = 0x4000
const FOUR_GIB = 2 ** 32

/** Yields the chunks of an index; each is valid until the next. */
export function* encodeIndex(content: IndexContent): Generator<Buffer> {
  const hash = createHash(content.objectFormat)
  for (const chunk of batched(encodeParts(content))) {
    hash.update(chunk)
    yield chunk
  }
  yield hash.digest()
}

function* encodeParts({
  count,
  isSparse = false,
  objectFormat,
  records,
  trees,
}: IndexContent): Generator<Buffer> {
  const header = Buffer.from('DIRC\0\0\0\0\0\0\0\0', 'latin1')
  header.writeUInt32BE(isSparse ? 3 : 2, 4)
  header.writeUInt32BE(count, 8)
  yield header
  let room = Buffer.alloc(1024)
  for (const record of records) {
    const most = STAT_BYTES + oidBytes(objectFormat) + record.path.length + 12
    if (most > room.length) room = Buffer.alloc(2 * most)
    yield room.subarray(0, encodeRecord(record, room, isSparse))
  }
  if (trees) yield* encodeTrees(trees)
}

/** Writes one record to a room that is large enough; returns how long it is. */
function encodeRecord(record: IndexRecord, room: Buffer, isSparse: boolean): number {
  const { isSkipped = false, mode, mtimeMs, oid, path, size } = record
  room.fill(0, 0, STAT_BYTES)
  if (size !== undefined && !isSkipped && mode !== MODE.gitlink) {
    room.writeUInt32BE(Math.max(0, Math.floor(mtimeMs / 1000)) % FOUR_GIB, MTIME_AT)
    room.writeUInt32BE(truncated(size), SIZE_AT)
  }
  room.writeUInt32BE(mode, MODE_AT)
  let at = STAT_BYTES + room.write(oid, STAT_BYTES, 'hex')
  const extended = isSparse && isSkipped ? EXTENDED : 0
  at = room.writeUInt16BE(Math.min(path.length, MAX_LENGTH) | extended, at)
  if (extended) at = room.writeUInt16BE(SKIP_WORKTREE, at)
  at += room.write(path, at, 'latin1')
  // From one to eight zeros, up to a multiple of eight bytes.
  const end = ((at >> 3) + 1) * 8
  room.fill(0, at, end)
  return end
}

/** A size in 32 bits, as git has it: 0 stands for a file that is to be looked at. */
function truncated(size: number): number {
  const rest = size % FOUR_GIB
  return rest === 0 && size > 0 ? 2 ** 31 : rest
}

/** The extension that spares git to compare each file with the commit at HEAD. */
function* encodeTrees(trees: Iterable<IndexTree>): Generator<Buffer> {
  const parts: Buffer[] = []
  for (const { files, name, oid, subtrees } of trees) {
    parts.push(Buffer.from(`${name}\0${files} ${subtrees}\n`, 'latin1'), Buffer.from(oid, 'hex'))
  }
  const head = Buffer.from('TREE\0\0\0\0', 'latin1')
  head.writeUInt32BE(
    parts.reduce((sum, { length }) => sum + length, 0),
    4,
  )
  yield head
  yield* parts
}

/** Small pieces, each valid until the next, as chunks. */
function* batched(pieces: Iterable<Buffer>): Generator<Buffer> {
  const batch = Buffer.allocUnsafe(CHUNK_BYTES)
  let filled = 0
  for (const piece of pieces) {
    if (piece.length > CHUNK_BYTES - filled) {
      yield batch.subarray(0, filled)
      filled = 0
    }
    if (piece.length > CHUNK_BYTES) yield piece
    else filled += piece.copy(batch, filled)
  }
  yield batch.subarray(0, filled)
}
