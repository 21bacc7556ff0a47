// The joined pack: entries of other packs as they are, but for where their bases are now, and
// whole objects where a delta has lost its base. Each entry is checked against its index.
import { createHash } from 'node:crypto'
import { crc32, deflateSync } from 'node:zlib'
import { corrupt } from '../../git/corrupt.js'
import { encodeEntryHeader } from '../../git/entry-header.js'
import { hashObject } from '../../git/object.js'
import type { Oid } from '../../git/oid.js'
import { encodePackIndex } from '../../git/pack-index-writer.js'
import type { RepositoryObjects } from './objects.js'
import type { PackedCopy, PlannedEntry } from './pack-plan.js'

/** What the index of a joined pack is made of, and its name. */
export interface JoinedPack {
  checksum: string
  index: Generator<Buffer>
}

/** Yields the pack of planned entries, then its index. Throws `pack-corrupt` where one is damaged. */
export function* encodeJoined(
  plan: readonly PlannedEntry[],
  objects: RepositoryObjects,
  checkpoint: () => void,
): Generator<Buffer, JoinedPack> {
  const { objectFormat } = objects
  const hash = createHash(objectFormat)
  const offsets = new Float64Array(plan.length)
  const crcs = new Uint32Array(plan.length)
  const starts = new Map<Oid, number>()
  let position = 0
  const count = (bytes: Buffer) => {
    hash.update(bytes)
    position += bytes.length
    return bytes
  }
  const header = Buffer.from('PACK\0\0\0\x02\0\0\0\0', 'latin1')
  header.writeUInt32BE(plan.length, 8)
  yield count(header)
  for (const [at, { copy, oid }] of plan.entries()) {
    checkpoint()
    offsets[at] = position
    starts.set(oid, position)
    let crc = 0
    const pieces = copy
      ? copied(copy, position - (starts.get(copy.base ?? '') ?? position))
      : whole(oid, objects)
    for (const piece of pieces) {
      crc = crc32(piece, crc)
      yield count(piece)
    }
    crcs[at] = crc
  }
  const packChecksum = hash.digest()
  yield packChecksum
  const oids = Buffer.from(plan.map(({ oid }) => oid).join(''), 'hex')
  const rows = { objectFormat, count: plan.length, oids, offsets, crcs, packChecksum }
  return { checksum: packChecksum.toString('hex'), index: encodePackIndex(rows) }
}

/** An entry as it is, its base `distance` bytes before it. */
function* copied({ crc, end, offset, pack }: PackedCopy, distance: number): Generator<Buffer> {
  const { kind, size, start } = pack.file.headerAt(offset)
  let found = 0
  for (const piece of pack.file.pieces(offset, start)) found = crc32(piece, found)
  const isDelta = kind.type === 'ofs-delta' || kind.type === 'ref-delta'
  yield encodeEntryHeader(isDelta ? { type: 'ofs-delta', distance } : kind, size)
  for (const piece of pack.file.pieces(start, end)) {
    found = crc32(piece, found)
    yield piece
  }
  if (found !== crc) throw corrupt('has an entry that is not what its index says')
}

function* whole(oid: Oid, objects: RepositoryObjects): Generator<Buffer> {
  const { body, type } = objects.read(oid)
  if (hashObject(type, body, objects.objectFormat) !== oid) {
    throw corrupt('has an object that is not what its name says')
  }
  yield encodeEntryHeader({ type }, body.length)
  yield deflateSync(body)
}
