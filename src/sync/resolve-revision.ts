// What a remote's refs say that an entry should show.
import { SyncError } from '../base/errors.js'
import { suggestion } from '../base/nearest.js'
import type { Oid } from '../git/oid.js'
import { type Revision, refPrefixOf } from '../git/revision.js'
import { newestIn, versionsIn } from '../git/version-range.js'
import type { RemoteRef } from '../remote/remote-session.js'

const HEADS = 'refs/heads/'
const TAGS = 'refs/tags/'

/** How many versions are named of those that are there. */
const MAX_NAMED = 5

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
  const refs = revisions.map(refPrefixOf).filter((prefix) => prefix !== undefined)
  // HEAD comes along so that a missing branch can be told from an empty repository.
  return refs.length === 0 ? [] : [...new Set(['HEAD', ...refs])]
}

/** The prefixes of refs that may be meant where `missing` are not there. */
export function likeRefPrefixesOf(missing: readonly Revision[]): string[] {
  const tags = missing.flatMap((revision) => {
    if (revision.kind === 'tag') return TAGS
    return revision.kind === 'branch' ? `${TAGS}${revision.name}` : []
  })
  return [...new Set([HEADS, ...tags])]
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
  const ref = revision.kind === 'semver' ? newestTag(revision.range, refs) : refPrefixOf(revision)
  return refs.find(({ name }) => name === ref)
}

function newestTag(range: string, refs: readonly RemoteRef[]): string | undefined {
  const newest = newestIn(range, versionsIn(tagsIn(refs)))
  return newest && `${TAGS}${newest.raw}`
}

function tagsIn(refs: readonly RemoteRef[]): string[] {
  const tags = refs.filter(({ name }) => name.startsWith(TAGS))
  return tags.map(({ name }) => name.slice(TAGS.length))
}

function notFound(
  revision: Exclude<Revision, { kind: 'commit' }>,
  refs: readonly RemoteRef[],
): SyncError {
  if (refs.length === 0) {
    return new SyncError('empty-repository', 'The remote has no commit yet: push a first one')
  }
  if (revision.kind === 'head') {
    const branches = [...new Set(refs.map(({ name }) => name.replace('refs/heads/', '')))]
      .slice(0, 5)
      .join(', ')
    return new SyncError(
      'branch-not-found',
      `The remote's HEAD names a branch that does not exist: set the entry's branch (there are: ${branches})`,
    )
  }
  if (revision.kind === 'semver') return noVersion(revision.range, tagsIn(refs))
  const { kind, name } = revision
  return new SyncError(
    `${kind}-not-found`,
    `The remote has no ${kind} ${JSON.stringify(name)}${hintFor(revision, refs)}: push it, or correct the entry's ${kind}`,
  )
}

/** What there is of the name in another place, or of nearly that name. */
function hintFor(revision: Revision, refs: readonly RemoteRef[]): string {
  if (revision.kind !== 'branch' && revision.kind !== 'tag') return ''
  const { kind, name } = revision
  const [own, others] = kind === 'branch' ? [HEADS, TAGS] : [TAGS, HEADS]
  const other = kind === 'branch' ? 'tag' : 'branch'
  const names = refs.map((ref) => ref.name)
  if (names.includes(others + name)) return `, but a ${other} of this name: write "${other}"`
  const near = names.filter((each) => each.startsWith(own)).map((each) => each.slice(own.length))
  return suggestion(name, near)
}

function noVersion(range: string, tags: readonly string[]): SyncError {
  const versions = versionsIn(tags)
  const [newest] = versions
  const there = versions
    .slice(0, MAX_NAMED)
    .map(({ raw }) => raw)
    .join(', ')
  const found = newest
    ? `the newest are ${there}${newest.prerelease.length > 0 ? '; a pre-release counts only where the range names one of the same version' : ''}`
    : `none of its ${tags.length} tags is a version, as 1.2.3 or v1.2.3`
  return new SyncError(
    'tag-not-found',
    `The remote has no tag in the range ${JSON.stringify(range)}: ${found}. Push one, or correct the entry's semver`,
  )
}
