// What is asked of a remote to bring an entry to a commit.
import type { ErrorCode } from '../base/errors.js'
import type { Oid } from '../git/oid.js'
import { isPartial } from '../publish/tree/selection.js'
import type { FetchRequest } from '../remote/remote-session.js'
import type { Attempt } from './attempt.js'

/** What is lacking of a commit: with `have`, the remote sends only what that published one lacks. */
export function updateOf(attempt: Attempt, have: Oid | undefined): FetchRequest {
  const thin = have === undefined ? {} : { haves: [have], thinPack: true }
  const filter = isSelective(attempt) ? { withoutBlobs: true } : {}
  return { ...wholeOf(attempt), ...thin, ...filter }
}

/** All of a commit. */
export function wholeOf({ wanted }: Attempt): FetchRequest {
  return { wants: [wanted.want], haves: [], thinPack: false }
}

/** The blobs that are `missing` of a commit in place, where it is known that they are of its remote. */
export function repairOf({ state }: Attempt, missing: readonly Oid[]): FetchRequest | undefined {
  // With submodules, it is to be found out whose they are.
  const isOwn = state.desired.entry.selection.submodules === undefined
  return isOwn && missing.length > 0 ? { wants: missing, haves: [], thinPack: false } : undefined
}

/** Whether only a part of the commit is published. */
export function isSelective({ state }: Attempt): boolean {
  return isPartial(state.desired.entry.selection)
}

/** What a server says that sends nothing but what its refs name. */
export function refusalsOf(attempt: Attempt): ErrorCode[] {
  return attempt.state.observed.drift || isSelective(attempt) ? ['commit-not-found'] : []
}
