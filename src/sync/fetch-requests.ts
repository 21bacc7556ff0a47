// What is asked of a remote to bring an entry to a commit.
import type { ErrorCode } from '../base/errors.js'
import type { Oid } from '../git/oid.js'
import type { HistoryDepth } from '../publish/snapshot/published-history.js'
import { isPartial, type Selection } from '../publish/tree/selection.js'
import { type FetchRequest, WHOLE_DEPTH } from '../remote/remote-session.js'
import type { Attempt } from './attempt.js'

/** What is lacking of a commit: with `have`, the remote sends only what that published one lacks. */
export function updateOf(attempt: Attempt, have: Oid | undefined): FetchRequest {
  const thin = have === undefined ? {} : { haves: [have], thinPack: true }
  const filter = isSelective(attempt) ? { withoutBlobs: true } : {}
  const kept = have === undefined ? undefined : attempt.state.observed.history
  return { ...wholeOf(attempt), ...thin, ...filter, ...(kept && { shallow: kept.shallow }) }
}

/** All of a commit, with as much history as is wanted. */
export function wholeOf({ state, wanted }: Attempt): FetchRequest {
  const { history } = state.desired.entry
  const depth = history === 'full' ? WHOLE_DEPTH : history
  const whole = { wants: [wanted.want], haves: [], thinPack: false }
  return depth > 1 ? { ...whole, depth } : whole
}

/**
 * Whether what is kept of the history of the published commit is all that is wanted, with the tag that
 * leads to it: then nothing is to be fetched of it.
 */
export function hasHistory({ state, wanted: { commit, want } }: Attempt): boolean {
  const { history: wanted, remote } = state.desired.entry
  const { history: kept } = state.observed
  if (wanted === 0) return true
  if (!kept || kept.url !== remote.url) return false
  if (want !== commit && !Object.values(kept.refs).includes(want)) return false
  return kept.shallow.length === 0 || commitsOf(kept.depth) >= commitsOf(wanted)
}

function commitsOf(depth: HistoryDepth): number {
  return depth === 'full' ? WHOLE_DEPTH : depth
}

/** What is signed of a commit in place: it, the tags that lead to it, and at most its trees. */
export function signedOf(attempt: Attempt): FetchRequest {
  return { ...wholeOf(attempt), withoutBlobs: true }
}

/** The blobs that are `missing` of what is in place, where it is known that they are of its remote. */
export function repairOf(
  { submodules }: Selection,
  missing: readonly Oid[],
): FetchRequest | undefined {
  // With submodules, it is to be found out whose they are.
  const isOwn = submodules === undefined
  return isOwn && missing.length > 0 ? { wants: missing, haves: [], thinPack: false } : undefined
}

/** Whether not all objects of the commit are asked for. */
export function isSelective({ state }: Attempt): boolean {
  const { filter, selection } = state.desired.entry
  return isPartial(selection) || filter !== undefined
}

/** What a server says that sends nothing but what its refs name. */
export function refusalsOf(attempt: Attempt): ErrorCode[] {
  return attempt.state.observed.drift || isSelective(attempt) ? ['commit-not-found'] : []
}
