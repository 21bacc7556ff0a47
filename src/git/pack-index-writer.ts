// Encodes the index of a pack, version 2: where each object starts, in the order of their oids, with
// a checksum of its bytes in the pack.
// https://git-scm.com/docs/pack-format#_version_2_pack_idx_files_support_packs_larger_than_4_gib_and
import { createHash } from 'node:crypto'
import { type ObjectFormat, oidBytes } from './oid.js'

/** What the index of a pack is made of: one row for each entry, in the order of the pack. */
export interface PackIndexRows {
  objectFormat: ObjectFormat
  count: number
  /** The binary oid of each, one after the other. */
  oids: Buffer
  /** Where each starts, in bytes. */
  offsets: Float64Array
  /** The CRC-32 of each one's header and deflated bytes. */
  crcs: Uint32Array
  /** The trailer of the pack. */
  packChecksum: Buffer
}

const CHUNK_ROWS = 8192
const LARGE = 2 ** 31

/** Yields the chunks of the index. */
export function* encodePackIndex(rows: PackIndexRows): Generator<Buffer> {
  const hash = createHash(rows.objectFormat)
  for (const chunk of encodeTables(rows)) {
    hash.update(chunk)
    yield chunk
  }
  yield hash.digest()
}

function* encodeTables({
  count,
  crcs,
  objectFormat,
  offsets,
  oids,
  packChecksum,
}: PackIndexRows): Generator<Buffer> {
  const size = oidBytes(objectFormat)
  const order = orderOf(oids, count, size)
  yield Buffer.from('ff744f6300000002', 'hex')
  yield fanoutOf(oids, count, size)
  yield* table(order, size, (index, chunk, at) => {
    oids.copy(chunk, at, index * size, (index + 1) * size)
  })
  yield* table(order, 4, (index, chunk, at) => {
    chunk.writeUInt32BE(crcs[index] as number, at)
  })
  const large: number[] = []
  yield* table(order, 4, (index, chunk, at) => {
    const offset = offsets[index] as number
    const isLarge = offset >= LARGE
    chunk.writeUInt32BE(isLarge ? LARGE + large.length : offset, at)
    if (isLarge) large.push(offset)
  })
  yield* table(large, 8, (offset, chunk, at) => {
    chunk.writeBigUInt64BE(BigInt(offset), at)
  })
  yield packChecksum
}

/** The places of the rows in the order of their oids. */
function orderOf(oids: Buffer, count: number, size: number): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, index) => index)
  const startOf = (index: number) => oids.readUInt32BE(index * size)
  return order.sort((one, other) => {
    const first = startOf(one) - startOf(other)
    if (first !== 0) return first
    return oids.compare(oids, other * size, (other + 1) * size, one * size, (one + 1) * size)
  })
}

/** How many oids start with each byte, or a smaller one. */
function fanoutOf(oids: Buffer, count: number, size: number): Buffer {
  const counts = new Uint32Array(256)
  for (let index = 0; index < count; index++) {
    const first = oids[index * size] as number
    counts[first] = (counts[first] as number) + 1
  }
  const fanout = Buffer.alloc(256 * 4)
  let sum = 0
  for (const [first, below] of counts.entries()) {
    sum += below
    fanout.writeUInt32BE(sum, first * 4)
  }
  return fanout
}

/** One column of rows of `size` bytes. */
function* table(
  values: ArrayLike<number>,
  size: number,
  write: (value: number, chunk: Buffer, at: number) => void,
): Generator<Buffer> {
  for (let start = 0; start < values.length; start += CHUNK_ROWS) {
    const rows = Math.min(CHUNK_ROWS, values.length - start)
    const chunk = Buffer.allocUnsafe(rows * size)
    for (let row = 0; row < rows; row++) write(values[start + row] as number, chunk, row * size)
    yield chunk
  }
}
