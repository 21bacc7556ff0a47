// What a remote's refs say that an entry should show.
import { SyncError } from '../base/errors.js'
import type { Oid } from '../git/oid.js'
import { type Revision, refOf } from '../git/revision.js'
import type { RemoteRef } from '../remote/remote-session.js'

/** What to fetch, and what will be published by it. */
export interface ResolvedRevision {
  /** Full name of the ref; for HEAD the branch it stands for, where the remote says so. */
  ref: string
  /** What to ask the remote for: a commit or an annotated tag. */
  want: Oid
  /** The commit that will be published. */
  commit: Oid
}

/** The prefixes of the refs that it takes to resolve `revisions`; none where no ref is needed. */
export function refPrefixesOf(revisions: readonly Revision[]): string[] {
  const refs = revisions.filter(({ kind }) => kind !== 'commit').map(refOf)
  // HEAD comes along so that a missing branch can be told from an empty repository.
  return refs.length === 0 ? [] : [...new Set(['HEAD', ...refs])]
}

/** Finds what a revision stands for. Throws where the remote has no such thing. */
export function resolveRevision(revision: Revision, refs: readonly RemoteRef[]): ResolvedRevision {
  if (revision.kind === 'commit') {
    return { ref: revision.oid, want: revision.oid, commit: revision.oid }
  }
  const found = findRef(refs, revision)
  if (!found) throw notFound(revision, refs)
  return { ref: found.target ?? found.name, want: found.oid, commit: found.peeled ?? found.oid }
}

/** Whether `refs` are enough to resolve a revision. */
export function isResolvable(revision: Revision, refs: readonly RemoteRef[]): boolean {
  return revision.kind === 'commit' || findRef(refs, revision) !== undefined
}

function findRef(refs: readonly RemoteRef[], revision: Revision): RemoteRef | undefined {
  const ref = refOf(revision)
  return refs.find(({ name }) => name === ref)
}

function notFound(
  revision: Exclude<Revision, { kind: 'commit' }>,
  refs: readonly RemoteRef[],
): SyncError {
  if (refs.length === 0) {
    return new SyncError('empty-repository', 'The remote has no commit yet: push a first one')
  }
  if (revision.kind === 'head') {
    const branches = refs
      .map(({ name }) => name.replace('refs/heads/', ''))
      .slice(0, 5)
      .join(', ')
    return new SyncError(
      'branch-not-found',
      `The remote's HEAD names a branch that does not exist: set the entry's branch (there are: ${branches})`,
    )
  }
  const { kind, name } = revision
  return new SyncError(
    `${kind}-not-found`,
    `The remote has no ${kind} ${JSON.stringify(name)}: push it, or correct the entry's ${kind}`,
  )
}
