// Which part of a commit is published.

/** Which part of a commit's tree is published; plain data, so that a worker can be given it. */
export interface Selection {
  /** The directory that is published, as a byte path; all where it is empty. */
  subdir: string
  /** The lines of a sparse checkout, as byte strings; all files are wanted where it is undefined. */
  sparse: readonly string[] | undefined
}

/** All of a commit. */
export const ALL: Selection = { subdir: '', sparse: undefined }

/** What tells one selection from another; undefined where all is selected. */
export function selectionKey({ subdir, sparse }: Selection): string | undefined {
  if (subdir === '' && sparse === undefined) return undefined
  return JSON.stringify({ subdir, sparse })
}
