// Writes what a checkout makes of a blob: to a file of its own, as what the blob lies in may be
// the same file under another name. Memory does not grow with the content.
import type { Conversion } from '../../git/attributes/conversion.js'
import { convertPieces } from '../../git/attributes/convert.js'
import { type ByteSource, bufferSource, FileSource } from '../../git/byte-source.js'
import type { StoredObject } from '../../git/object.js'
import type { Oid } from '../../git/oid.js'
import { toFsPath } from '../../volume/byte-path.js'
import { statOf, writeNewPieces } from '../../volume/volume.js'
import { hashFile } from '../snapshot/file-content.js'
import { assertUnchanged } from './create-file.js'

/**
 * Writes the blob `oid`, converted, to a new file of these permissions. Returns the oid of what
 * was written, and its size in bytes.
 */
export function writeConverted(
  blob: StoredObject,
  oid: Oid,
  conversion: Conversion,
  { target, permissions }: { target: string; permissions: number },
): { oid: Oid; size: number } {
  const write = (source: ByteSource) =>
    writeNewPieces(target, permissions, convertPieces(source, conversion, oid))
  if ('body' in blob) write(bufferSource(blob.body))
  else {
    const source = new FileSource(blob.file)
    try {
      write(source)
    } finally {
      source.close()
    }
    if (!blob.isTemporary) assertUnchanged(oid, blob.file)
  }
  return { oid: hashFile(toFsPath(target), oid), size: statOf(target).size }
}

/** A blob that lies in a file as it is stored. */
export function storedAt(target: string, oid: Oid): StoredObject {
  return { type: 'blob', oid, file: toFsPath(target), size: statOf(target).size, isTemporary: true }
}
