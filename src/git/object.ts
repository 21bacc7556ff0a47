// Git objects as bytes: their oid, and what a commit or a tag points to.
// https://git-scm.com/book/en/v2/Git-Internals-Git-Objects

import { createHash, type Hash } from 'node:crypto'
import { SyncError } from '../base/errors.js'
import type { VolumeFile } from '../volume/open-file.js'
import { isOid, type ObjectFormat, type Oid } from './oid.js'

export type ObjectType = 'commit' | 'tree' | 'blob' | 'tag'

export interface GitObject {
  type: ObjectType
  body: Buffer
}

/** A blob too large to be held in memory. */
export interface LargeBlob {
  type: 'blob'
  oid: Oid
  /** Holds the blob's content. */
  file: VolumeFile
  /** In bytes. */
  size: number
  /** Whether the file was made for this blob, and is removed later. */
  isTemporary: boolean
}

export type StoredObject = GitObject | LargeBlob

/** The oid of an object: the hash of its type, its size and its body. */
export function hashObject(type: ObjectType, body: Uint8Array, format: ObjectFormat): Oid {
  return startHash(type, body.length, format).update(body).digest('hex')
}

/** The hash of an object's type and size; its body is still to be added. */
export function startHash(type: ObjectType, size: number, format: ObjectFormat): Hash {
  return createHash(format).update(`${type} ${size}\0`, 'latin1')
}

/** The oid of the tree of a commit's body. Throws `pack-corrupt` where there is none. */
export function treeOfCommit(body: Buffer): Oid {
  return headerOid(body, 'tree')
}

/** The parents of a commit, by its body: all that its headers name. */
export function parentsOfCommit(body: Buffer): Oid[] {
  const parents: Oid[] = []
  for (let at = body.indexOf(0x0a) + 1; at > 0; at = body.indexOf(0x0a, at) + 1) {
    const end = body.indexOf(0x0a, at)
    if (end === -1 || end - at > MAX_HEADER_CHARACTERS) break
    const line = body.toString('latin1', at, end)
    const oid = line.slice('parent '.length)
    if (!line.startsWith('parent ') || !isOid(oid)) break
    parents.push(oid)
  }
  return parents
}

/** What a tag's body points to. Throws `pack-corrupt` where it points to nothing. */
export function targetOfTag(body: Buffer): Oid {
  return headerOid(body, 'object')
}

/** More than the longest line that is right, `object <oid>`. */
const MAX_HEADER_CHARACTERS = 100

/** Reads the oid of a commit's or a tag's first line, `<name> <oid>`. */
function headerOid(body: Buffer, name: string): Oid {
  // Whatever else the line holds, it may be very long.
  const start = body.toString('latin1', 0, MAX_HEADER_CHARACTERS)
  const [line = ''] = start.split('\n', 1)
  const oid = line.slice(name.length + 1)
  if (!line.startsWith(`${name} `) || !isOid(oid)) {
    throw new SyncError(
      'pack-corrupt',
      `An object does not start with its ${name}; the repository is damaged (git fsck tells more)`,
    )
  }
  return oid
}
