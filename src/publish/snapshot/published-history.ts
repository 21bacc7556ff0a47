// The history that is published with a commit: all that its repository's refs and configuration
// follow from, so that they can be settled at any time, after a kill as well.
import { isOid, type Oid } from '../../git/oid.js'

/** How many commits of history are kept, from the published one on. */
export type HistoryDepth = number | 'full'

/** What the repository behind published files is to show. */
export interface PublishedHistory {
  depth: HistoryDepth
  /** The address of `origin`, without a login. */
  url: string
  /** The full name of the branch that HEAD names; undefined where HEAD is the commit itself. */
  branch?: string | undefined
  /** What each ref is to be, by its full name: branches, remote branches, tags. */
  refs: Readonly<Record<string, Oid>>
  /** The commits that the remote cut history off at: their parents need not be there. */
  shallow: readonly Oid[]
  /** What the remote was told to leave out, as `blob:none`; undefined where all came. */
  filter?: string | undefined
  /** The lines of git's sparse-checkout file; undefined where all is checked out. */
  sparse?: readonly string[] | undefined
}

/** Names below refs/ that git takes everywhere, and that lead nowhere else. */
const REF =
  /^refs\/(?!.*(?:\.\.|@\{|\.lock(?:\/|$)|\/\.|\/\/|\.\/|[\0-\x20\x7f~^:?*[\\]))(?:[^/]+\/)*[^/]*[^/.]$/

/** Whether a name, as a byte string, is that of a ref which may be written. */
export function isRefName(name: string): boolean {
  return REF.test(name)
}

/** A history that was written down; undefined where it is none. */
export function toHistory(written: unknown): PublishedHistory | undefined {
  if (typeof written !== 'object' || written === null) return undefined
  const { branch, depth, filter, refs, shallow, sparse, url } = written as Partial<PublishedHistory>
  const isDepth = depth === 'full' || (Number.isSafeInteger(depth) && (depth as number) > 0)
  if (!isDepth || typeof url !== 'string' || /[\0\r\n]/.test(url)) return undefined
  if (typeof refs !== 'object' || refs === null || !areOids(shallow)) return undefined
  if (!Object.entries(refs).every(([name, oid]) => isRefName(name) && areOids([oid]))) {
    return undefined
  }
  if (branch !== undefined && !(isRefName(branch) && Object.hasOwn(refs, branch))) return undefined
  if (filter !== undefined && !/^[\w:.=-]+$/.test(filter)) return undefined
  if (sparse !== undefined && !sparse.every((line) => typeof line === 'string')) return undefined
  return { branch, depth: depth as HistoryDepth, filter, refs, shallow, sparse, url }
}

function areOids(written: unknown): written is Oid[] {
  return Array.isArray(written) && written.every((oid) => typeof oid === 'string' && isOid(oid))
}
