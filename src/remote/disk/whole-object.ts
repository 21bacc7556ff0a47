// What of a repository on disk may be held whole.

/** More than git itself makes a delta of (core.bigFileThreshold), in bytes. */
export const MAX_WHOLE_BYTES = 512 * 1024 * 1024
