// From what a pack's entry holds to the object it stands for: itself, or its delta
// applied to a base. What is too large for memory is built in a file.
import { type ByteSource, bufferSource, FileSource } from '../git/byte-source.js'
import { applyDelta, decodeDeltaHeader, deltaPieces } from '../git/delta.js'
import { corrupt, type EntryHeader } from '../git/entry-header.js'
import type { LargeBlob, StoredObject } from '../git/object.js'
import type { ObjectFormat } from '../git/oid.js'
import { LargeBlobWriter } from './large-blob.js'

export interface BuildOptions {
  objectFormat: ObjectFormat
  /** From this size on, in bytes, a blob is built in a file. */
  largeBytes: number
  /** Names a new file, which is the caller's to remove. */
  createFile: () => string
}

/** The object of an entry; undefined where it is a delta and `base` is missing. */
export function buildObject(
  header: EntryHeader,
  base: StoredObject | undefined,
  content: Buffer | LargeBlob,
  options: BuildOptions,
): StoredObject | undefined {
  const { type } = header.kind
  if (type !== 'ofs-delta' && type !== 'ref-delta') {
    return Buffer.isBuffer(content) ? { type, body: content } : content
  }
  if (!base) return undefined
  const isSmall = 'body' in base && Buffer.isBuffer(content)
  if (isSmall && base.body.length < options.largeBytes && content.length < options.largeBytes) {
    const { size } = decodeDeltaHeader(bufferSource(content))
    if (size < options.largeBytes || base.type !== 'blob') {
      return { type: base.type, body: applyDelta(base.body, content) }
    }
  }
  return buildLarge(base, content, options)
}

/** Whether an entry is a delta. */
export function isDelta({ kind }: EntryHeader): boolean {
  return kind.type === 'ofs-delta' || kind.type === 'ref-delta'
}

function buildLarge(
  base: StoredObject,
  content: Buffer | LargeBlob,
  { objectFormat, largeBytes, createFile }: BuildOptions,
): StoredObject {
  return reading('body' in base ? base.body : base, (baseSource) =>
    reading(content, (delta) => {
      const { size } = decodeDeltaHeader(delta)
      const pieces = deltaPieces(baseSource, delta)
      if (base.type !== 'blob' || size < largeBytes) {
        return { type: base.type, body: concat(pieces, size) }
      }
      const writer = new LargeBlobWriter(createFile(), size, objectFormat)
      for (const piece of pieces) writer.write(piece)
      return writer.finish()
    }),
  )
}

function reading<T>(content: Buffer | LargeBlob, use: (source: ByteSource) => T): T {
  if (Buffer.isBuffer(content)) return use(bufferSource(content))
  const source = new FileSource(content.file)
  try {
    return use(source)
  } finally {
    source.close()
  }
}

/** Joins pieces that are valid only one at a time. */
function concat(pieces: Iterable<Buffer>, size: number): Buffer {
  const parts: Buffer[] = []
  let length = 0
  for (const piece of pieces) {
    length += piece.length
    if (length > size) throw corrupt('has a delta that does not make what it says')
    parts.push(Buffer.from(piece))
  }
  return Buffer.concat(parts, length)
}
