// What a FileWriter and its thread share.

/** One batch, as it is sent to the thread. */
export interface FileBatch {
  files: { target: string; permissions: number; length: number }[]
  /** What became of the batch: {@link BATCH}, then the length of the error's text. */
  state: Int32Array
  /** `STAT_FIELDS` numbers of each file, once it is written. */
  stats: Float64Array
  /** The contents, one behind the other; after a failure, the error as JSON. */
  bytes: Uint8Array
}

export const BATCH = { pending: 0, done: 1, failed: 2 } as const

/** The error's text needs room even where all files are empty. */
export const MIN_BATCH_BYTES = 32 * 1024
