// Git objects as bytes: their oid, and what a commit or a tag points to.
// https://git-scm.com/book/en/v2/Git-Internals-Git-Objects
import { createHash } from 'node:crypto'
import { SyncError } from '../base/errors.js'
import { isOid, type ObjectFormat, type Oid } from './oid.js'

export type ObjectType = 'commit' | 'tree' | 'blob' | 'tag'

export interface GitObject {
  type: ObjectType
  body: Buffer
}

/** The oid of an object: the hash of its type, its size and its body. */
export function hashObject(type: ObjectType, body: Uint8Array, format: ObjectFormat): Oid {
  return createHash(format).update(`${type} ${body.length}\0`, 'latin1').update(body).digest('hex')
}

/** The oid of the tree of a commit's body. Throws `pack-corrupt` where there is none. */
export function treeOfCommit(body: Buffer): Oid {
  return headerOid(body, 'tree')
}

/** What a tag's body points to. Throws `pack-corrupt` where it points to nothing. */
export function targetOfTag(body: Buffer): Oid {
  return headerOid(body, 'object')
}

/** Reads the oid of a commit's or a tag's first line, `<name> <oid>`. */
function headerOid(body: Buffer, name: string): Oid {
  const end = body.indexOf(0x0a)
  const line = body.toString('latin1', 0, end < 0 ? body.length : end)
  const oid = line.slice(name.length + 1)
  if (!line.startsWith(`${name} `) || !isOid(oid)) {
    throw new SyncError(
      'pack-corrupt',
      `An object does not start with its ${name}; the repository is damaged (git fsck tells more)`,
    )
  }
  return oid
}
