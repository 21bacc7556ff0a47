// Whether what is on disk has the content of a blob, found out without holding a large
// file in memory.
import { readlinkSync, type Stats } from 'node:fs'
import { FileSource } from '../git/byte-source.js'
import { hashObject, startHash } from '../git/object.js'
import { type Oid, objectFormatOf } from '../git/oid.js'
import { MODE } from '../git/tree.js'
import { toFsPath } from './byte-path.js'
import { tolerating } from './volume.js'

const STEP_BYTES = 1024 * 1024

/** Whether a regular file's content, or a symlink's target, is that of a blob. */
export function isContent(path: string, stat: Stats, oid: Oid): boolean {
  if (stat.isSymbolicLink()) return hashObject('blob', readLink(path), objectFormatOf(oid)) === oid
  return stat.isFile() && hashFile(path, oid) === oid
}

/** Whether what is at a path is what a tree has there: its kind, its executable bit, its content. */
export function isRightFile(
  path: string,
  stat: Stats,
  { mode, oid }: { mode: number; oid: Oid },
): boolean {
  const isRightKind =
    mode === MODE.symlink
      ? stat.isSymbolicLink()
      : stat.isFile() && ((stat.mode & 0o100) !== 0) === (mode === MODE.executable)
  if (!isRightKind) return false
  let isRight = false
  // What went meanwhile, or cannot be read, or not any more (a bad sector), is not right.
  tolerating(['ENOENT', 'ENOTDIR', 'EACCES', 'EIO', 'EINVAL', 'ELOOP'], () => {
    isRight = isContent(path, stat, oid)
  })
  return isRight
}

/** The target of a symlink, as bytes. */
export function readLink(path: string): Buffer {
  return readlinkSync(toFsPath(path), { encoding: 'buffer' })
}

function hashFile(path: string, like: Oid): Oid {
  const source = new FileSource(toFsPath(path))
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
