// Writes one file of a tree, complete, at a path where nothing is, as it is stored or as a checkout
// makes it. The process's umask applies, as for git; no mode is changed afterwards. Memory does not
// grow with the content.
import { SyncError } from '../../base/errors.js'
import type { Conversion } from '../../git/attributes/conversion.js'
import { convertPieces } from '../../git/attributes/convert.js'
import { type ByteSource, bufferSource, FileSource } from '../../git/byte-source.js'
import { hashObject, type LargeBlob, type StoredObject } from '../../git/object.js'
import { type Oid, objectFormatOf } from '../../git/oid.js'
import { MODE } from '../../git/tree.js'
import { displayPath } from '../../volume/byte-path.js'
import { NO_LINK, NO_SYMLINK, tolerating } from '../../volume/errnos.js'
import type { OpenFile } from '../../volume/open-file.js'
import type { Volume } from '../../volume/volume.js'
import { hashFile, isBlob } from '../drift/file-content.js'
import { LARGE_BYTES } from '../drift/published-tree.js'

const COPY_STEP_BYTES = 1024 * 1024

/** What a new file is created with, before the process's umask. */
export function permissionsOf(mode: number): number {
  return mode === MODE.executable ? 0o777 : 0o666
}

/** Copies an open file, which it closes, to a new one of the given permissions. */
export function copyFile(
  volume: Volume,
  from: OpenFile,
  target: string,
  permissions: number,
): void {
  withSource(from, (source) => volume.writeNew(target, permissions, stepsOf(source)))
}

/**
 * Writes the blob `oid`, converted, to a new file of its own, as what the blob lies in may be the
 * same file under another name. Returns the oid of what was written, and its size in bytes.
 */
export function writeConverted(
  volume: Volume,
  blob: StoredObject,
  oid: Oid,
  conversion: Conversion,
  { target, permissions }: { target: string; permissions: number },
): { oid: Oid; size: number } {
  const write = (source: ByteSource) =>
    volume.writeNew(target, permissions, convertPieces(source, conversion, oid))
  if ('body' in blob) write(bufferSource(blob.body))
  else {
    withSource(blob.file.open(), write)
    if (!blob.isTemporary) assertUnchanged(blob, blob.file.open())
  }
  const written = volume.open(target)
  return { size: written.stat.size, oid: hashFile(written, oid) }
}

/** A blob that lies in a file as it is stored. */
export function storedAt(volume: Volume, target: string, oid: Oid): StoredObject {
  const size = volume.stat(target)?.size ?? 0
  return { type: 'blob', oid, file: volume.file(target), size, isTemporary: true }
}

/** A blob that was written as it is stored; undefined where what is there is not that. */
export function readStored(volume: Volume, target: string, oid: Oid): StoredObject | undefined {
  const size = volume.stat(target)?.size ?? 0
  // Whoever makes something of a larger one finds out.
  if (size >= LARGE_BYTES) {
    return { type: 'blob', oid, file: volume.file(target), size, isTemporary: false }
  }
  const body = volume.readFile(target, LARGE_BYTES)
  const isRight = body && hashObject('blob', body, objectFormatOf(oid)) === oid
  return isRight ? { type: 'blob', body } : undefined
}

function withSource(file: OpenFile, read: (source: FileSource) => void): void {
  const source = new FileSource(file)
  try {
    read(source)
  } finally {
    source.close()
  }
}

function* stepsOf(source: ByteSource): Generator<Buffer> {
  for (let start = 0; start < source.length; start += COPY_STEP_BYTES) {
    yield source.read(start, Math.min(start + COPY_STEP_BYTES, source.length))
  }
}

/**
 * Creates a file at the byte path `target`. A blob that was received lies in a file of its own already,
 * which a link makes this one.
 */
export function createLarge(volume: Volume, mode: number, blob: LargeBlob, target: string): void {
  const { path } = blob.file
  // A second path gets a file of its own, as an edit of one must not show in the other.
  const canShare = blob.isTemporary && mode === MODE.file && volume.stat(path)?.nlink === 1
  const share = () => volume.link(path, target)
  if (canShare && tolerating(NO_LINK, share)) return
  copyFile(volume, blob.file.open(), target, permissionsOf(mode))
  if (!blob.isTemporary) assertUnchanged(blob, volume.open(target))
}

/** Throws `base-missing` where a file is another one than a blob, as it was edited while copied. */
function assertUnchanged({ oid, size }: LargeBlob, file: OpenFile): void {
  if (isBlob(file, oid, size)) return
  throw new SyncError(
    'base-missing',
    `The published file with the object ${oid} changed while it was copied; everything is fetched anew`,
  )
}

/** Creates the symlink of a tree at the byte path `at`. */
export function createSymlink(volume: Volume, path: string, blob: StoredObject, at: string): void {
  const target = 'body' in blob ? blob.body : undefined
  if (!target || target.length === 0 || target.includes(0)) {
    throw new SyncError(
      'unsafe-tree',
      `The symlink ${displayPath(path)} has a target that no file system can hold; nothing of this commit is published: correct it in the repository`,
    )
  }
  if (tolerating(NO_SYMLINK, () => volume.symlink(target, at))) return
  // As git does with core.symlinks=false.
  volume.writeNew(at, permissionsOf(MODE.file), [target])
}
