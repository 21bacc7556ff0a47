// Which part of a commit is published, and whether pointers of Git LFS are.

/** Which part of a commit's tree is published, and as what; plain data, so that a worker can be given it. */
export interface Selection {
  /** The directory that is published, as a byte path; all where it is empty. */
  subdir: string
  /** The lines of a sparse checkout, as byte strings; all files are wanted where it is undefined. */
  sparse: readonly string[] | undefined
  /** Whether pointers of Git LFS become the files they stand for. */
  lfs: boolean
}

/** All of a commit. */
export const ALL: Selection = { subdir: '', sparse: undefined, lfs: false }

/** What tells one selection from another; undefined where all is selected, as it is stored. */
export function selectionKey(selection: Selection): string | undefined {
  const { subdir, sparse, lfs } = selection
  if (!isPartial(selection) && !lfs) return undefined
  return JSON.stringify({ subdir, sparse, ...(lfs && { lfs }) })
}

/** Whether some files of a commit may not be published. */
export function isPartial({ subdir, sparse }: Selection): boolean {
  return subdir !== '' || sparse !== undefined
}
