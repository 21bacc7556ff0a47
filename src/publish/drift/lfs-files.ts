// Files in whose place a commit has a pointer of Git LFS: what they are to hold, and whether what is
// on disk holds it already.
import { createHash } from 'node:crypto'
import type { Conversion } from '../../git/attributes/conversion.js'
import { convertPieces } from '../../git/attributes/convert.js'
import { bufferSource, FileSource } from '../../git/byte-source.js'
import { type LargeBlob, type StoredObject, startHash } from '../../git/object.js'
import { type Oid, objectFormatOf } from '../../git/oid.js'
import { type LfsPointer, POINTER_BYTES, parsePointer } from '../../lfs/pointer.js'
import { NOT_AS_SEEN, readUnless } from '../../volume/errnos.js'
import type { Volume } from '../../volume/volume.js'
import { type Conversions, isConvertible } from '../tree/attribute-plan.js'
import type { TreeFile } from '../tree/tree-places.js'

/** A file that is to hold what its blob is a pointer to. */
export interface LfsFile {
  /** A byte path. */
  path: string
  /** Of the pointer. */
  blob: Oid
  pointer: LfsPointer
}

const STEP_BYTES = 1024 * 1024
/** More than a conversion makes of {@link POINTER_BYTES}. */
const MAX_STORED_BYTES = 8 * POINTER_BYTES

/** Those of `files` that a pointer stands for, once they are converted in all other ways. */
export function* lfsFilesIn(
  files: Iterable<TreeFile>,
  conversionOf: Conversions,
  readBlob: (oid: Oid) => StoredObject,
): Generator<LfsFile> {
  for (const file of files) {
    const conversion = isConvertible(file) ? conversionOf(file.path) : undefined
    if (!conversion?.isLfs) continue
    const pointer = pointerIn(readBlob(file.oid), conversion, file.oid)
    if (pointer) yield { path: file.path, blob: file.oid, pointer }
  }
}

/**
 * The object that a pointer stands for, where the regular file at `path` holds it, with its oid as a
 * blob in the format of `like`; undefined where it does not.
 */
export function findObject(
  volume: Volume,
  path: string,
  { oid, size }: LfsPointer,
  like: Oid,
): LargeBlob | undefined {
  if (volume.stat(path)?.size !== size) return undefined
  return readUnless(NOT_AS_SEEN, () => {
    const source = new FileSource(volume.open(path))
    try {
      const content = createHash('sha256')
      const blob = startHash('blob', source.length, objectFormatOf(like))
      for (let start = 0; start < source.length; start += STEP_BYTES) {
        const step = source.read(start, Math.min(start + STEP_BYTES, source.length))
        content.update(step)
        blob.update(step)
      }
      if (source.length !== size || content.digest('hex') !== oid) return undefined
      const file = volume.file(path)
      return { type: 'blob', oid: blob.digest('hex'), file, size, isTemporary: false }
    } finally {
      source.close()
    }
  })
}

function pointerIn(blob: StoredObject, conversion: Conversion, oid: Oid): LfsPointer | undefined {
  if (!('body' in blob) || blob.body.length > MAX_STORED_BYTES) return undefined
  const pieces = convertPieces(bufferSource(blob.body), conversion, oid)
  return parsePointer(Buffer.concat([...pieces].map((piece) => Buffer.from(piece))))
}
