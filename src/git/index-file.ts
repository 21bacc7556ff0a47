// Decodes a checkout's index, as far as it tells which files git wrote: versions 2, 3 and 4,
// with the checksum of either object format.
// https://git-scm.com/docs/index-format
import { hash } from 'node:crypto'
import type { ObjectFormat, Oid } from './oid.js'

/** A file that git checked out. */
export interface IndexEntry {
  /** Byte path below the checkout, as the index has it: not checked. */
  path: string
  mode: number
  oid: Oid
  /** Of what was written, in bytes, but for multiples of 4 GiB; 0 where git did not trust it. */
  size: number
}

/** What an index tells. */
export interface Index {
  /** The entries that are merged. */
  entries: IndexEntry[]
  /**
   * Whether all of it is a tree that git has written, as after a checkout or a commit; not where
   * something was only added.
   */
  isTree: boolean
}

const SIGNATURE = 'DIRC'
/** The extension that holds the trees which parts of the index equal. */
const TREE = 'TREE'
const HEADER_BYTES = 12
/** Times, device, inode, mode, owner and size, before the oid. */
const STAT_BYTES = 40
const MODE_AT = 24
const SIZE_AT = 36
const EXTENDED = 0x4000
const STAGE = 0x3000
const OID_BYTES: Record<ObjectFormat, number> = { sha1: 20, sha256: 32 }

/** Undefined where the bytes are no whole index. */
export function decodeIndex(bytes: Buffer): Index | undefined {
  const format = formatOf(bytes)
  if (!format || bytes.toString('latin1', 0, SIGNATURE.length) !== SIGNATURE) return undefined
  const version = bytes.readUInt32BE(4)
  if (version < 2 || version > 4) return undefined
  const content = bytes.subarray(0, -OID_BYTES[format])
  try {
    return decodeEntries(content, version, OID_BYTES[format])
  } catch (error) {
    // It says that it has more than it has.
    if (error instanceof RangeError) return undefined
    throw error
  }
}

/** The object format whose checksum is right; undefined where none is. */
function formatOf(bytes: Buffer): ObjectFormat | undefined {
  return (['sha1', 'sha256'] as const).find((format) => {
    const end = bytes.length - OID_BYTES[format]
    if (end < HEADER_BYTES) return false
    return hash(format, bytes.subarray(0, end), 'buffer').equals(bytes.subarray(end))
  })
}

function decodeEntries(content: Buffer, version: number, oidBytes: number): Index {
  const entries: IndexEntry[] = []
  let position = HEADER_BYTES
  let path = ''
  for (let left = content.readUInt32BE(8); left > 0; left--) {
    const start = position
    const mode = content.readUInt32BE(start + MODE_AT)
    const size = content.readUInt32BE(start + SIZE_AT)
    position += STAT_BYTES + oidBytes
    const oid = content.toString('hex', position - oidBytes, position)
    const flags = content.readUInt16BE(position)
    position += flags & EXTENDED ? 4 : 2
    let shared = ''
    if (version === 4) {
      const strip = readVarint(content, position)
      shared = path.slice(0, path.length - strip.value)
      position = strip.end
    }
    const end = content.indexOf(0, position)
    if (end < 0) throw new RangeError('a path without an end')
    path = shared + content.toString('latin1', position, end)
    // Up to version 3, entries are padded to a multiple of eight bytes.
    position = version === 4 ? end + 1 : start + (((end - start) >> 3) + 1) * 8
    if ((flags & STAGE) === 0) entries.push({ path, mode, oid, size })
  }
  return { entries, isTree: hasWholeTree(content, position) }
}

/** A root of which nothing was changed since has the number of its entries, any other has -1. */
function hasWholeTree(content: Buffer, start: number): boolean {
  for (let position = start; position + 8 <= content.length; ) {
    const name = content.toString('latin1', position, position + 4)
    const end = position + 8 + content.readUInt32BE(position + 4)
    if (name === TREE) return /^\0\d+ /.test(content.toString('latin1', position + 8, end))
    position = end
  }
  return false
}

/** As the offset of an ofs-delta. */
function readVarint(bytes: Buffer, start: number): { value: number; end: number } {
  let position = start
  let byte = bytes.readUInt8(position++)
  let value = byte & 0x7f
  while (byte & 0x80) {
    byte = bytes.readUInt8(position++)
    value = (value + 1) * 128 + (byte & 0x7f)
  }
  return { value, end: position }
}
