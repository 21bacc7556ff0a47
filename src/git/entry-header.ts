// The header of one entry of a pack, decoded and encoded. https://git-scm.com/docs/pack-format
import { corrupt } from './corrupt.js'
import type { ObjectType } from './object.js'
import { type ObjectFormat, type Oid, oidBytes } from './oid.js'

/** What an entry holds: a whole object, or a delta against another one. */
export type EntryKind = { type: ObjectType } | DeltaKind

export type DeltaKind =
  | { type: 'ofs-delta' /** How many bytes before this entry its base starts. */; distance: number }
  | { type: 'ref-delta'; base: Oid }

export interface EntryHeader {
  kind: EntryKind
  /** Size of the inflated bytes that follow. */
  size: number
  /** Where the deflated bytes start. */
  end: number
}

/** The longest header: ten bytes of size, and ten of distance or an oid. */
export const MAX_HEADER_BYTES = 10 + 32

const WHOLE: Record<number, ObjectType> = { 1: 'commit', 2: 'tree', 3: 'blob', 4: 'tag' }
const NUMBERS: Record<EntryKind['type'], number> = {
  commit: 1,
  tree: 2,
  blob: 3,
  tag: 4,
  'ofs-delta': 6,
  'ref-delta': 7,
}

/** What a further byte of a size counts at most, which also ends a run of zeros. */
const MAX_SCALE = 2 ** 53

/** Decodes the header at `start`; undefined where `bytes` end before it does. */
export function decodeEntryHeader(
  bytes: Buffer,
  start: number,
  format: ObjectFormat,
): EntryHeader | undefined {
  const sized = decodeSize(bytes, start)
  if (!sized) return undefined
  const { type, size, end } = sized
  const whole = WHOLE[type]
  if (whole) return { kind: { type: whole }, size, end }
  if (type === 6) {
    const offset = decodeDistance(bytes, end)
    return (
      offset && { kind: { type: 'ofs-delta', distance: offset.distance }, size, end: offset.end }
    )
  }
  if (type === 7) {
    const baseEnd = end + oidBytes(format)
    if (baseEnd > bytes.length) return undefined
    return {
      kind: { type: 'ref-delta', base: bytes.toString('hex', end, baseEnd) },
      size,
      end: baseEnd,
    }
  }
  throw corrupt(`has an entry of the unknown type ${type}`)
}

/** Three bits of type and a little-endian size: four bits, then seven a byte. */
function decodeSize(
  bytes: Buffer,
  start: number,
): { type: number; size: number; end: number } | undefined {
  let position = start
  let byte = bytes[position++]
  if (byte === undefined) return undefined
  const type = (byte >> 4) & 7
  let size = byte & 0x0f
  let scale = 16
  while (byte & 0x80) {
    byte = bytes[position++]
    if (byte === undefined) return undefined
    size += (byte & 0x7f) * scale
    if (size > Number.MAX_SAFE_INTEGER || scale > MAX_SCALE)
      throw corrupt('claims an object of an impossible size')
    scale *= 128
  }
  return { type, size, end: position }
}

/** Big-endian, seven bits a byte, one added for each byte that follows another. */
function decodeDistance(
  bytes: Buffer,
  start: number,
): { distance: number; end: number } | undefined {
  let position = start
  let byte = bytes[position++]
  if (byte === undefined) return undefined
  let distance = byte & 0x7f
  while (byte & 0x80) {
    byte = bytes[position++]
    if (byte === undefined) return undefined
    distance = (distance + 1) * 128 + (byte & 0x7f)
    if (distance > Number.MAX_SAFE_INTEGER)
      throw corrupt('has a delta against something impossibly far away')
  }
  return { distance, end: position }
}

/** Whether an entry holds a delta. */
export function isDelta(kind: EntryKind): kind is DeltaKind {
  return kind.type === 'ofs-delta' || kind.type === 'ref-delta'
}

/** What stands before the deflated bytes of an entry that inflates to `size` bytes. */
export function encodeEntryHeader(kind: EntryKind, size: number): Buffer {
  const bytes: number[] = []
  let byte = (NUMBERS[kind.type] << 4) | (size & 0x0f)
  // Not a shift: sizes may exceed 32 bits.
  for (let rest = Math.floor(size / 16); rest > 0; rest = Math.floor(rest / 128)) {
    bytes.push(byte | 0x80)
    byte = rest % 128
  }
  bytes.push(byte)
  if (kind.type === 'ofs-delta') bytes.push(...encodeDistance(kind.distance))
  const header = Buffer.from(bytes)
  return kind.type === 'ref-delta' ? Buffer.concat([header, Buffer.from(kind.base, 'hex')]) : header
}

function encodeDistance(distance: number): number[] {
  const bytes = [distance % 128]
  for (let rest = Math.floor(distance / 128); rest > 0; rest = Math.floor(rest / 128)) {
    rest--
    bytes.unshift((rest % 128) | 0x80)
  }
  return bytes
}
