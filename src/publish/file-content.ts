// Whether what is on disk has the content of a blob, found out without holding a large
// file in memory.
import { readlinkSync, type Stats } from 'node:fs'
import { FileSource } from '../git/byte-source.js'
import { hashObject, startHash } from '../git/object.js'
import { type Oid, objectFormatOf } from '../git/oid.js'
import { toFsPath } from './byte-path.js'

const STEP_BYTES = 1024 * 1024

/** Whether a regular file's content, or a symlink's target, is that of a blob. */
export function isContent(path: string, stat: Stats, oid: Oid): boolean {
  if (stat.isSymbolicLink()) return hashObject('blob', readLink(path), objectFormatOf(oid)) === oid
  return stat.isFile() && hashFile(path, oid) === oid
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
