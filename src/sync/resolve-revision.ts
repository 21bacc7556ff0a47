// What a remote's refs say that an entry should show.
import type { Oid } from '../git/oid.js'
import { prefixesOf, type Revision } from '../git/revision.js'
import { newestIn, versionsIn } from '../git/version-range.js'
import type { RemoteRef } from '../remote/remote-session.js'

const TAGS = 'refs/tags/'

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
  const refs = revisions.flatMap(prefixesOf)
  // HEAD comes along so that a missing branch can be told from an empty repository.
  return refs.length === 0 ? [] : [...new Set(['HEAD', ...refs])]
}

/** What a revision stands for; undefined where the remote has no such thing. */
export function resolveRevision(
  revision: Revision,
  refs: readonly RemoteRef[],
): ResolvedRevision | undefined {
  if (revision.kind === 'commit') {
    return { ref: revision.oid, want: revision.oid, commit: revision.oid }
  }
  const found = findRef(refs, revision)
  if (!found) return undefined
  return { ref: found.target ?? found.name, want: found.oid, commit: found.peeled ?? found.oid }
}

function findRef(refs: readonly RemoteRef[], revision: Revision): RemoteRef | undefined {
  const names =
    revision.kind === 'semver' ? [newestTag(revision.range, refs)] : prefixesOf(revision)
  for (const wanted of names) {
    const found = refs.find(({ name }) => name === wanted)
    if (found) return found
  }
  return undefined
}

function newestTag(range: string, refs: readonly RemoteRef[]): string | undefined {
  const newest = newestIn(range, versionsIn(tagsIn(refs)))
  return newest && `${TAGS}${newest.raw}`
}

/** The short names of the tags among `refs`. */
export function tagsIn(refs: readonly RemoteRef[]): string[] {
  const tags = refs.filter(({ name }) => name.startsWith(TAGS))
  return tags.map(({ name }) => name.slice(TAGS.length))
}
