// The joined pack: entries of other packs as they are, but for where their bases are now, whole objects
// where a delta has lost its base, and deltas that are made of what came whole. Each entry is checked
// against its index.
import { createHash } from 'node:crypto'
import { crc32, deflateSync } from 'node:zlib'
import { corrupt } from '../../git/corrupt.js'
import { applyDelta } from '../../git/delta.js'
import { encodeDelta } from '../../git/encode-delta.js'
import { encodeEntryHeader, isDelta } from '../../git/entry-header.js'
import { hashObject } from '../../git/object.js'
import type { Oid } from '../../git/oid.js'
import { encodePackIndex } from '../../git/pack-index-writer.js'
import type { RepositoryObjects } from './objects.js'
import { type PackedCopy, type PlannedEntry, sizeOf } from './pack-plan.js'

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
    const distance = position - (starts.get(copy?.base ?? '') ?? position)
    const pieces = !copy
      ? whole(oid, objects)
      : copy.isToShrink
        ? shrunk(oid, copy, distance, objects)
        : copied(copy, distance)
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
  yield encodeEntryHeader(isDelta(kind) ? { type: 'ofs-delta', distance } : kind, size)
  for (const piece of pack.file.pieces(start, end)) {
    found = crc32(piece, found)
    yield piece
  }
  if (found !== crc) throw corrupt('has an entry that is not what its index says')
}

/** A delta of the base of a whole copy, where that takes less than the copy. */
function* shrunk(
  oid: Oid,
  copy: PackedCopy,
  distance: number,
  objects: RepositoryObjects,
): Generator<Buffer> {
  const target = objects.readIfAny(oid)
  const base = objects.readIfAny(copy.base as Oid)
  // What a delta makes is of its base's type, and a tree may name one object as another.
  const isAlike = base && target && base.type === target.type
  const delta = isAlike && encodeDelta(base.body, target.body, target.body.length / 2)
  const deflated = delta && deflateSync(delta)
  if (!deflated || deflated.length > sizeOf(copy) / 2) {
    yield* copied(copy, distance)
    return
  }
  // It is the only copy from now on.
  if (!applyDelta(base.body, delta).equals(target.body))
    throw new Error('a delta does not make its object')
  yield encodeEntryHeader({ type: 'ofs-delta', distance }, delta.length)
  yield deflated
}

function* whole(oid: Oid, objects: RepositoryObjects): Generator<Buffer> {
  const { body, type } = objects.read(oid)
  if (hashObject(type, body, objects.objectFormat) !== oid) {
    throw corrupt('has an object that is not what its name says')
  }
  yield encodeEntryHeader({ type }, body.length)
  yield deflateSync(body)
}
