// What of a repository on disk may be held whole.
import type { GitObject, ObjectType } from '../../git/object.js'

/** More than git itself makes a delta of (core.bigFileThreshold), in bytes. */
export const MAX_WHOLE_BYTES = 512 * 1024 * 1024

/** A commit, tag or tree that is larger is not read, in bytes: a tree of a million names is not. */
export const MAX_NAMES_BYTES = 64 * 1024 * 1024

/** The most that an object of a type may have, in bytes. */
export function maxBytesOf(type: ObjectType): number {
  return type === 'blob' ? MAX_WHOLE_BYTES : MAX_NAMES_BYTES
}

/** What a blob is for whoever asks what an object names, as it names nothing. */
export const EMPTY_BLOB: GitObject = { type: 'blob', body: Buffer.alloc(0) }
