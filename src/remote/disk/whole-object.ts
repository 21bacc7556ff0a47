// What of a repository on disk may be held whole.
import type { GitObject } from '../../git/object.js'

/** More than git itself makes a delta of (core.bigFileThreshold), in bytes. */
export const MAX_WHOLE_BYTES = 512 * 1024 * 1024

/** What a blob is for whoever asks what an object names, as it names nothing. */
export const EMPTY_BLOB: GitObject = { type: 'blob', body: Buffer.alloc(0) }
