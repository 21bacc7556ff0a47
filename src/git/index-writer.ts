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
  /** The bytes of its oid. */
  rawOid: Uint8Array
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
  /** In the order of their paths' bytes; some may be encoded already, where no file is left out. */
  records: Iterable<IndexRecord | Buffer>
  /** In pre-order; some may be encoded already. @default none is written */
  trees?: Iterable<IndexTree | Buffer>
  /** Whether any record is left out of the checkout. @default false */
  isSparse?: boolean
}

const CHUNK_BYTES = 256 * 1024
/** Times, device, inode, mode, owner and size, before the oid, in bytes. */
export const STAT_BYTES = 40
/** Where a record has its mode. */
export const MODE_AT = 24
const [MTIME_AT, SIZE_AT] = [8, 36]
/** Flags, more flags, and zeros. */
const MAX_PADDING = 12
const MAX_LENGTH = 0xfff
const EXTENDED = 0x4000
const SKIP_WORKTREE = 0x4000
const FOUR_GIB = 2 ** 32

/** Yields the chunks of an index; each is valid until the next. */
export function* encodeIndex(content: IndexContent): Generator<Buffer> {
  const hash = createHash(content.objectFormat)
  for (const chunk of encodeChunks(content)) {
    hash.update(chunk)
    yield chunk
  }
  yield hash.digest()
}

function* encodeChunks({
  count,
  isSparse = false,
  objectFormat,
  records,
  trees = [],
}: IndexContent): Generator<Buffer> {
  let chunk = Buffer.alloc(CHUNK_BYTES)
  let end = chunk.write('DIRC', 'latin1')
  end = chunk.writeUInt32BE(isSparse ? 3 : 2, end)
  end = chunk.writeUInt32BE(count, end)
  for (const record of records) {
    if (Buffer.isBuffer(record)) {
      if (record.length > chunk.length - end) {
        yield chunk.subarray(0, end)
        yield record
        end = 0
      } else end += record.copy(chunk, end)
      continue
    }
    const most = STAT_BYTES + oidBytes(objectFormat) + record.path.length + MAX_PADDING
    if (most > chunk.length - end) {
      yield chunk.subarray(0, end)
      end = 0
      if (most > chunk.length) chunk = Buffer.alloc(most)
    }
    end = encodeRecord(record, chunk, end, isSparse)
  }
  yield chunk.subarray(0, end)
  const extension = encodeTrees(trees)
  if (extension) yield extension
}

/** Writes one record where there is room for it; returns where the next one starts. */
function encodeRecord(
  { isSkipped = false, mode, mtimeMs, path, rawOid, size }: IndexRecord,
  chunk: Buffer,
  start: number,
  isSparse: boolean,
): number {
  let at = start
  // Byte by byte, here and below: a call for so few takes longer.
  while (at < start + STAT_BYTES) chunk[at++] = 0
  chunk.writeUInt32BE(mode, start + MODE_AT)
  setStatus(chunk, start, isSkipped ? undefined : size, mtimeMs)
  for (let byte = 0; byte < rawOid.length; byte++) chunk[at++] = rawOid[byte] as number
  const extended = isSparse && isSkipped ? EXTENDED : 0
  at = chunk.writeUInt16BE(Math.min(path.length, MAX_LENGTH) | extended, at)
  if (extended) at = chunk.writeUInt16BE(SKIP_WORKTREE, at)
  for (let char = 0; char < path.length; char++) chunk[at++] = path.charCodeAt(char)
  // From one to eight zeros, up to a multiple of eight bytes.
  const end = start + (((at - start) >> 3) + 1) * 8
  while (at < end) chunk[at++] = 0
  return end
}

/**
 * Sets what git compares of a file in the record that starts there, which has its mode already; a
 * `size` that is undefined has git look at the content.
 */
export function setStatus(
  bytes: Buffer,
  start: number,
  size: number | undefined,
  mtimeMs: number,
): void {
  const isKnown = size !== undefined && bytes.readUInt16BE(start + MODE_AT + 2) !== MODE.gitlink
  const seconds = isKnown ? Math.max(0, Math.floor(mtimeMs / 1000)) % FOUR_GIB : 0
  bytes.writeUInt32BE(seconds, start + MTIME_AT)
  bytes.writeUInt32BE(0, start + MTIME_AT + 4)
  bytes.writeUInt32BE(isKnown ? truncated(size) : 0, start + SIZE_AT)
}

/** A size in 32 bits, as git has it: 0 stands for a file that is to be looked at. */
function truncated(size: number): number {
  const rest = size % FOUR_GIB
  return rest === 0 && size > 0 ? 2 ** 31 : rest
}

/** The extension that spares git to compare each file with the commit at HEAD. */
function encodeTrees(trees: Iterable<IndexTree | Buffer>): Buffer | undefined {
  const parts: Buffer[] = []
  for (const tree of trees) {
    if (Buffer.isBuffer(tree)) {
      parts.push(tree)
      continue
    }
    const { files, name, oid, subtrees } = tree
    parts.push(Buffer.from(`${name}\0${files} ${subtrees}\n`, 'latin1'), Buffer.from(oid, 'hex'))
  }
  if (parts.length === 0) return undefined
  const body = Buffer.concat(parts)
  const head = Buffer.from('TREE\0\0\0\0', 'latin1')
  head.writeUInt32BE(body.length, 4)
  return Buffer.concat([head, body])
}
