// Fetches a commit, thin where that is possible, and publishes it; where what was taken for granted is
// not in place, all of it is fetched.
import type { ChangedPaths } from '../hooks/hook-event.js'
import { isWholeBy, selectionKey } from '../publish/tree/selection.js'
import { needsWholeFetch } from '../worker/whole-fetch.js'
import type { Attempt } from './attempt.js'
import {
  hasHistory,
  isSelective,
  refusalsOf,
  repairOf,
  signedOf,
  updateOf,
  wholeOf,
} from './fetch-requests.js'
import { permissionOf } from './permission.js'
import { receivePack } from './receive-pack.js'
import { isPutRight } from './repair-in-place.js'
import { signatureCheckOf } from './signature-check.js'
import type { OutcomeOf } from './state/outcome.js'
import { isVerified, labelsOf } from './state/records.js'
import { withTimeLimit } from './time-limit.js'

/** Throws what went wrong. */
export async function publishWanted(attempt: Attempt): Promise<OutcomeOf<'published'>> {
  const { state, wanted, context, signal } = attempt
  const { clock, observe, syncTimeoutMs } = context
  const { desired, observed } = state
  const { commit, drift, history, isFromThisRemote, selection: observedSelection } = observed
  const startedAt = performance.now()
  // Where nearly nothing is left, all of it is less work than every blob by itself.
  const isMostlyThere = drift === undefined || drift.missing !== undefined
  // A remote that is told of a commit takes all of it for granted.
  const { selection } = desired.entry
  const isEnough =
    isWholeBy(observedSelection) ||
    isSelective(attempt) ||
    observedSelection === selectionKey(selection)
  const isKnown = isFromThisRemote && isMostlyThere && isEnough
  // Nor is there history where none was kept.
  const hasBase = desired.entry.history === 0 || history !== undefined
  const have = isKnown && hasBase ? commit : undefined
  const isInPlace = have === wanted.commit && hasHistory(attempt)
  const told: { changes?: ChangedPaths } = {}
  const result = await withTimeLimit(syncTimeoutMs, clock, signal, async (limited) => {
    const allow = permissionOf({ ...attempt, signal: limited }, told)
    const inTime = { ...attempt, signal: limited, allow }
    const signatureCheck = await signatureCheckOf(attempt)
    const isDone = isInPlace && isVerified(state)
    try {
      if (isDone) {
        const request = repairOf(selection, drift?.missing ?? [])
        return await receivePack(inTime, { want: have, have }, request)
      }
      // Who allows what comes next is not asked of what is there.
      const { allow: _, ...unasked } = inTime
      const isSound = !have || !drift || (await isPutRight(unasked, have))
      const base = isSound ? have : undefined
      // What is signed is in the history that is kept, or in what the remote adds to it.
      const isUnseen = isInPlace && desired.entry.history === 0
      const request = isUnseen ? signedOf(inTime) : updateOf(inTime, base)
      return await receivePack(inTime, { want: wanted.want, have: base, signatureCheck }, request)
    } catch (error) {
      const isWhole = have === undefined && !isSelective(attempt)
      // What was only announced costs one request.
      if (attempt.mayFail?.() === false) throw error
      if (isWhole || limited.aborted || !needsWholeFetch(error, refusalsOf(attempt))) throw error
      observe({ type: 'fetch-fell-back', ...labelsOf(state), oid: wanted.commit, error })
      const all = { want: wanted.want, have: undefined, signatureCheck }
      return receivePack(inTime, all, wholeOf(inTime))
    }
  })
  const fetchMs = result.receivedAt - startedAt
  const durationMs = performance.now() - startedAt
  return { type: 'published', wanted, result, ...told, fetchMs, durationMs }
}
