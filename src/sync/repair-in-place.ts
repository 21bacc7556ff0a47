// Puts right what is in place, as it was published: whatever the listing wants by now is not asked for
// by that, but by the publication that follows.

import type { ErrorCode } from '../base/error-codes.js'
import { SyncError } from '../base/errors.js'
import type { Oid } from '../git/oid.js'
import { selectionBy } from '../publish/tree/selection.js'
import { needsWholeFetch } from '../worker/whole-fetch.js'
import type { Attempt } from './attempt.js'
import { repairOf } from './fetch-requests.js'
import { receivePack } from './receive-pack.js'
import { conclude } from './state/entry-state.js'
import type { OutcomeOf } from './state/outcome.js'
import { withTimeLimit } from './time-limit.js'

/** Beside what stalls: what may be wrong with one commit, and right with the next. */
const OF_A_COMMIT: readonly ErrorCode[] = [
  'lfs-object-corrupt',
  'lfs-object-missing',
  'lfs-unavailable',
  'path-blocked',
]

/** Puts the commit in place right while what the remote names cannot be published. Throws what went wrong. */
export async function repairInPlace(attempt: Attempt): Promise<OutcomeOf<'repaired'>> {
  const { context, signal, state } = attempt
  const { commit, drift, isFromThisRemote } = state.observed
  const startedAt = performance.now()
  const result = await withTimeLimit(
    context.syncTimeoutMs,
    context.clock,
    signal,
    async (limited) => {
      const inTime = { ...attempt, signal: limited }
      if (!drift?.missing || !isFromThisRemote) return receiveAll(inTime)
      try {
        return await receiveMissing(inTime, commit as Oid)
      } catch (error) {
        if (limited.aborted || !needsWholeFetch(error, ['commit-not-found'])) throw error
        return receiveAll(inTime)
      }
    },
  )
  return { type: 'repaired', result, durationMs: performance.now() - startedAt }
}

/**
 * Puts the commit in place right, from which another one is to be reached, which is concluded at once;
 * false where what is wrong with it need not be with that one. Throws what went wrong elsewhere.
 */
export async function isPutRight(attempt: Attempt, have: Oid): Promise<boolean> {
  const { context, signal, state, wanted } = attempt
  const startedAt = performance.now()
  try {
    const result = await receiveMissing(attempt, have)
    signal.throwIfAborted()
    const durationMs = performance.now() - startedAt
    conclude(state, { type: 'repaired', result, durationMs }, context)
    return true
  } catch (error) {
    const isItsOwn = have !== wanted.commit && isOfCommit(error)
    if (signal.aborted || !isItsOwn) throw error
    return false
  }
}

function receiveMissing(attempt: Attempt, have: Oid) {
  const { drift, selection: key } = attempt.state.observed
  const selection = selectionBy(key)
  const request = repairOf(selection, drift?.missing ?? [])
  return receivePack(attempt, { want: have, have, selection }, request)
}

function receiveAll(attempt: Attempt) {
  const { commit, selection: key } = attempt.state.observed
  const want = commit as Oid
  const all = { wants: [want], haves: [], thinPack: false }
  return receivePack(attempt, { want, have: undefined, selection: selectionBy(key) }, all)
}

function isOfCommit(error: unknown): boolean {
  if (!(error instanceof SyncError)) return false
  const { code, dependency, disposition } = error
  return disposition === 'stall' || dependency !== undefined || OF_A_COMMIT.includes(code)
}
