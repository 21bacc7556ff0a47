// What somebody says of a remote before it is asked: that a ref of a repository was pushed. It is
// never taken for true: it says which entries are polled at once, and what that may find.
import type { Oid } from '../git/oid.js'
import type { RepositoryName } from '../git/repository-name.js'
import { nameOf, type Revision } from '../git/revision.js'
import { newestIn, versionsIn } from '../git/version-range.js'

/** A push, as it was announced. */
export interface Announcement {
  /** All names that it gave the repository. */
  repositories: readonly RepositoryName[]
  /** Full name of the ref; undefined: any. */
  ref: string | undefined
  /** What the ref names now; undefined where that is not known, or it was deleted. */
  oid: Oid | undefined
  /** What it named before, zeros where it was not there; undefined where that is not known. */
  before: Oid | undefined
}

/** What an entry was told of, until the remote was heard about it. */
export interface Announced extends Pick<Announcement, 'oid'> {
  /** What the remote may name still, as it was replaced since; undefined: anything. */
  replaced: readonly Oid[] | undefined
  /** When the first that was not answered came, as the clock's `now()`. */
  at: number
  /** Until when the remote may trail what was announced. */
  until: number
  /** Whether a commit was asked for, before the remote confirmed it. */
  isFetched: boolean
}

const HEADS = 'refs/heads/'
const TAGS = 'refs/tags/'

/**
 * Whether a push of `ref` may change what an entry shows that follows `revision`; `head` is the
 * branch that the remote's HEAD named last, if it is known.
 */
export function mayFollow(
  revision: Revision,
  ref: string | undefined,
  head: string | undefined,
): boolean {
  if (revision.kind === 'commit') return false
  if (ref === undefined) return true
  if (revision.kind === 'head') {
    return head?.startsWith(HEADS) ? ref === head : ref.startsWith(HEADS)
  }
  if (revision.kind !== 'semver') return ref === nameOf(revision)
  const versions = ref.startsWith(TAGS) ? versionsIn([ref.slice(TAGS.length)]) : []
  return newestIn(revision.range, versions) !== undefined
}

/**
 * Whether what a remote names, the oids in `named`, trails what was announced: it is what that
 * replaced. Of what is announced late, or twice, it is not.
 */
export function trails({ oid, replaced }: Announced, named: readonly Oid[]): boolean {
  if (oid === undefined || named.includes(oid)) return false
  if (replaced === undefined || named.length === 0) return true
  return replaced.some((each) => named.includes(each))
}
