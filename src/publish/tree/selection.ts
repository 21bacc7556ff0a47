// Which part of a commit is published, and whether pointers of Git LFS are.

/** Which part of a commit's tree is published, and as what; plain data, so that a worker can be given it. */
export interface Selection {
  /** The directory that is published, as a byte path; all where it is empty. */
  subdir: string
  /** The lines of a sparse checkout, as byte strings; all files are wanted where it is undefined. */
  sparse: readonly string[] | undefined
  /** Whether pointers of Git LFS become the files they stand for. */
  lfs: boolean
  /** Whether submodules are published, and those of submodules. @default off */
  submodules?: Exclude<Submodules, 'off'>
}

/** Which submodules are published: none, those of the repository, or those of submodules, too. */
export type Submodules = 'off' | 'shallow' | 'recursive'

/** All of a commit. */
export const ALL: Selection = { subdir: '', sparse: undefined, lfs: false }

/** What tells one selection from another; undefined where all is selected, as it is stored. */
export function selectionKey(selection: Selection): string | undefined {
  const { subdir, sparse, lfs, submodules } = selection
  if (!isPartial(selection) && !lfs && submodules === undefined) return undefined
  return JSON.stringify({ subdir, sparse, submodules, ...(lfs && { lfs }) })
}

/** Whether some files of the repository itself may not be published. */
export function isPartial({ subdir, sparse }: Selection): boolean {
  return subdir !== '' || sparse !== undefined
}

/** The inverse of {@link selectionKey}. */
export function selectionBy(key: string | undefined): Selection {
  return key === undefined ? ALL : { ...ALL, ...(JSON.parse(key) as Partial<Selection>) }
}

/** Whether every blob of the repository itself was published, by what {@link selectionKey} said. */
export function isWholeBy(key: string | undefined): boolean {
  const selection = selectionBy(key)
  return !isPartial(selection) && !selection.lfs
}
