// What the repository behind published files is to show, as the listing and the remote say.
import { isDeepStrictEqual } from 'node:util'
import type { Entry } from '../listing/entry.js'
import type { PublishedHistory } from '../publish/snapshot/published-history.js'
import { isPartial } from '../publish/tree/selection.js'
import { toBytePath } from '../volume/byte-path.js'
import type { ResolvedRevision } from './resolve-revision.js'

/** All of a history but where it ends, which the remote's answer tells. */
export type WantedHistory = Omit<PublishedHistory, 'shallow'>

const [BRANCHES, TAGS, REMOTE] = ['refs/heads/', 'refs/tags/', 'refs/remotes/origin/']

/** Undefined where none is kept. */
export function wantedHistory(
  {
    filter,
    history: depth,
    historyBranch,
    remote,
    selection,
  }: Pick<Entry, 'filter' | 'history' | 'historyBranch' | 'remote' | 'selection'>,
  wanted: ResolvedRevision,
): WantedHistory | undefined {
  if (depth === 0) return undefined
  const { sparse } = selection
  return {
    depth,
    url: remote.url,
    ...(historyBranch === undefined ? refsOf(wanted) : refsBy(historyBranch, wanted)),
    filter: filter ?? (isPartial(selection) ? 'blob:none' : undefined),
    sparse,
  }
}

/** Whether what is kept is what is wanted, where the same commit is. */
export function isSameHistory(
  kept: PublishedHistory | undefined,
  wanted: WantedHistory | undefined,
): boolean {
  if (!kept || !wanted) return kept === wanted
  const { branch, depth, filter, refs, sparse, url } = kept
  const { branch: otherBranch, filter: otherFilter, sparse: otherSparse, ...other } = wanted
  return (
    branch === otherBranch &&
    filter === otherFilter &&
    isDeepStrictEqual({ depth, refs: { ...refs }, sparse, url }, { ...other, sparse: otherSparse })
  )
}

/** As a clone has them. What is no branch and no tag becomes what a remote has of that name. */
function refsOf({ ref, want }: ResolvedRevision): Pick<PublishedHistory, 'branch' | 'refs'> {
  const name = toBytePath(ref)
  if (name.startsWith(BRANCHES)) {
    const tracking = `${REMOTE}${name.slice(BRANCHES.length)}`
    return { branch: name, refs: { [name]: want, [tracking]: want } }
  }
  if (name.startsWith(TAGS)) return { branch: undefined, refs: { [name]: want } }
  // HEAD and a commit by its id have no name of their own.
  if (!name.startsWith('refs/')) return { branch: undefined, refs: {} }
  return { branch: undefined, refs: { [`${REMOTE}${name.slice('refs/'.length)}`]: want } }
}

/** As a repository has them whose one branch is moved to whatever is fetched. */
function refsBy(
  branch: string,
  wanted: ResolvedRevision,
): Pick<PublishedHistory, 'branch' | 'refs'> {
  const others = Object.entries(refsOf(wanted).refs).filter(([name]) => !name.startsWith(BRANCHES))
  return { branch, refs: { [branch]: wanted.commit, ...Object.fromEntries(others) } }
}
