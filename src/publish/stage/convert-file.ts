// Writes what a checkout makes of a blob: to a file of its own, as what the blob lies in may be
// the same file under another name. Memory does not grow with the content.
import { closeSync, lstatSync, openSync } from 'node:fs'
import { writeAll } from '../../base/write-all.js'
import type { Conversion } from '../../git/attributes/conversion.js'
import { convertPieces } from '../../git/attributes/convert.js'
import { type ByteSource, bufferSource, FileSource } from '../../git/byte-source.js'
import type { StoredObject } from '../../git/object.js'
import type { Oid } from '../../git/oid.js'
import { toFsPath } from '../../volume/byte-path.js'
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
  if ('body' in blob) {
    writePieces(bufferSource(blob.body), oid, conversion, openNew(target, permissions))
  } else {
    const source = new FileSource(blob.file)
    try {
      writePieces(source, oid, conversion, openNew(target, permissions))
    } finally {
      source.close()
    }
    if (!blob.isTemporary) assertUnchanged(oid, blob.file)
  }
  return { oid: hashFile(toFsPath(target), oid), size: lstatSync(toFsPath(target)).size }
}

/** A blob that lies in a file as it is stored. */
export function storedAt(target: string, oid: Oid): StoredObject {
  const file = toFsPath(target)
  return { type: 'blob', oid, file, size: lstatSync(file).size, isTemporary: true }
}

function openNew(target: string, permissions: number): number {
  return openSync(toFsPath(target), 'wx', permissions)
}

function writePieces(source: ByteSource, oid: Oid, conversion: Conversion, file: number): void {
  try {
    for (const piece of convertPieces(source, conversion, oid)) {
      writeAll(file, piece)
    }
  } finally {
    closeSync(file)
  }
}
