// From a base and a delta to the object they make. A blob too large for memory is built
// in a file; whatever else an object is, it is held in memory.

import { type ByteSource, bufferSource, FileSource } from '../git/byte-source.js'
import { applyDelta, decodeDeltaHeader, deltaPieces } from '../git/delta.js'
import { tooLarge } from '../git/limits.js'
import type { LargeBlob, StoredObject } from '../git/object.js'
import type { ObjectFormat } from '../git/oid.js'
import { ensureHoldable, type WholeMemory } from '../git/whole-objects.js'
import type { VolumeFile } from '../volume/open-file.js'
import { LargeBlobWriter } from './content-writer.js'
import type { PackRoom } from './pack-room.js'

export interface BuildOptions {
  objectFormat: ObjectFormat
  /** From this size on, in bytes, a blob is built in a file. */
  largeBytes: number
  /** Names a new file, which is the caller's to remove. */
  createFile: () => VolumeFile
  /** Knows the limits. */
  room: Pick<PackRoom, 'limits'>
  memory: WholeMemory
  /** Asked often; throws when the work is to be given up. */
  checkpoint: () => void
}

/** The object that a delta makes of its base. Throws `pack-corrupt` where they do not fit. */
export function buildObject(
  base: StoredObject,
  delta: Buffer | LargeBlob,
  options: BuildOptions,
): StoredObject {
  const size = reading(delta, (source) => decodeDeltaHeader(source).size)
  const { limits } = options.room
  if (size > limits.checkoutBytes) throw tooLarge(limits, 'checkoutBytes')
  if (base.type !== 'blob') {
    const { type, body } = base
    const deltaBytes = Buffer.isBuffer(delta) ? delta.length : delta.size
    ensureHoldable(type, Math.max(size, deltaBytes), options.memory)
    const whole = Buffer.isBuffer(delta)
      ? delta
      : reading(delta, (source) => Buffer.from(source.read(0, source.length)))
    return { type, body: applyDelta(body, whole) }
  }
  if ('body' in base && Buffer.isBuffer(delta) && size < options.largeBytes) {
    return { type: 'blob', body: applyDelta(base.body, delta) }
  }
  return reading('body' in base ? base.body : base, (baseSource) =>
    reading(delta, (source) => buildBlob(deltaPieces(baseSource, source), size, options)),
  )
}

function buildBlob(
  pieces: Iterable<Buffer>,
  size: number,
  { objectFormat, largeBytes, createFile, checkpoint }: BuildOptions,
): StoredObject {
  if (size < largeBytes) return { type: 'blob', body: join(pieces, size) }
  const writer = new LargeBlobWriter(createFile(), size, objectFormat)
  try {
    for (const piece of pieces) {
      checkpoint()
      writer.write(piece)
    }
    return writer.finish()
  } finally {
    writer.close()
  }
}

function reading<T>(content: Buffer | LargeBlob, use: (source: ByteSource) => T): T {
  if (Buffer.isBuffer(content)) return use(bufferSource(content))
  const source = new FileSource(content.file.open())
  try {
    return use(source)
  } finally {
    source.close()
  }
}

/** Joins pieces that are valid only one at a time. */
function join(pieces: Iterable<Buffer>, size: number): Buffer {
  const body = Buffer.allocUnsafe(size)
  let length = 0
  for (const piece of pieces) length += piece.copy(body, length)
  // A file that shrinks while it is read gives less.
  return body.subarray(0, length)
}
