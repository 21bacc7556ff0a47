// Whether what is on disk has the content of a blob, found out without holding a large
// file in memory. A file of another size has another content, and is not read: it may have no end.
import { constants, type Stats } from 'node:fs'
import { NO_CONVERSION } from '../../git/attributes/conversion.js'
import { restore } from '../../git/attributes/restore.js'
import { FileSource } from '../../git/byte-source.js'
import { hashObject, startHash } from '../../git/object.js'
import { type Oid, objectFormatOf } from '../../git/oid.js'
import { MODE } from '../../git/tree.js'
import { NOT_AS_SEEN, readUnless } from '../../volume/errnos.js'
import type { OpenFile } from '../../volume/open-file.js'
import type { Volume } from '../../volume/volume.js'

const STEP_BYTES = 1024 * 1024
/** From this size on, in bytes, it is not looked whether content has only other line ends. */
const MAX_CRLF_BYTES = 4 * 1024 * 1024

/** What is to be at a path. */
export interface ExpectedContent {
  mode: number
  oid: Oid
  /** Of a regular file, in bytes. */
  size: number
  /** What a volume without symlinks or executable bits made of it, as the mode in its status. */
  remembered?: number | undefined
}

/** Whether a regular file's content, or a symlink's target, is that of a blob. */
export function isContent(
  volume: Volume,
  path: string,
  stat: Stats,
  { oid, size }: Pick<ExpectedContent, 'oid' | 'size'>,
): boolean {
  if (stat.isSymbolicLink()) {
    return hashObject('blob', volume.readLink(path), objectFormatOf(oid)) === oid
  }
  return stat.isFile() && isBlob(volume.open(path), oid, size)
}

/** Whether what is at a path is what a tree has there: its kind, its executable bit, its content. */
export function isRightFile(
  volume: Volume,
  path: string,
  stat: Stats,
  expected: ExpectedContent,
  isSame = isContent,
): boolean {
  const { mode, remembered } = expected
  const kind = kindOf(stat.mode)
  if (kind !== mode && (kind === undefined || kind !== kindOf(remembered ?? 0))) return false
  return readUnless(NOT_AS_SEEN, () => isSame(volume, path, stat, expected)) ?? false
}

/** Like {@link isRightFile}, for a file whose blob was written with CRLF at the end of each line. */
export function isWithCrlf(
  volume: Volume,
  path: string,
  stat: Stats,
  file: ExpectedContent,
): boolean {
  return isRightFile(volume, path, stat, file, isContentWithCrlf)
}

/** What a tree would call it; undefined where no tree has anything like it. */
function kindOf(mode: number): number | undefined {
  const type = mode & constants.S_IFMT
  if (type === constants.S_IFLNK) return MODE.symlink
  if (type !== constants.S_IFREG) return undefined
  return (mode & 0o100) === 0 ? MODE.file : MODE.executable
}

function isContentWithCrlf(
  volume: Volume,
  path: string,
  stat: Stats,
  { oid }: Pick<ExpectedContent, 'oid'>,
): boolean {
  if (!stat.isFile() || stat.size >= MAX_CRLF_BYTES) return false
  const stored = restore(
    volume.readBytes(path, MAX_CRLF_BYTES),
    { ...NO_CONVERSION, lineEnds: 'crlf' },
    oid,
  )
  return hashObject('blob', stored, objectFormatOf(oid)) === oid
}

/** Whether a file's content is that of a blob of `size` bytes; closes the file. */
export function isBlob(file: OpenFile, oid: Oid, size: number): boolean {
  if (file.stat.size === size) return hashFile(file, oid) === oid
  new FileSource(file).close()
  return false
}

/** The oid of a file's content, as that of a blob; closes the file. */
export function hashFile(file: OpenFile, like: Oid): Oid {
  const source = new FileSource(file)
  try {
    const hash = startHash('blob', source.length, objectFormatOf(like))
    for (let start = 0; start < source.length; start += STEP_BYTES) {
      hash.update(source.read(start, Math.min(start + STEP_BYTES, source.length)))
    }
    return hash.digest('hex')
  } finally {
    source.close()
  }
}
