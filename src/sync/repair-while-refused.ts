// Puts a commit right that is in place while the one that the remote names is refused: what readers see
// stays whole until that is mended.
import type { Oid } from '../git/oid.js'
import { needsWholeFetch } from '../worker/whole-fetch.js'
import type { Attempt } from './attempt.js'
import { repairOf } from './fetch-requests.js'
import { receivePack } from './receive-pack.js'
import type { OutcomeOf } from './state/outcome.js'
import { withTimeLimit } from './time-limit.js'

/** Throws what went wrong. */
export async function repairInPlace(attempt: Attempt): Promise<OutcomeOf<'repaired'>> {
  const { context, signal, state } = attempt
  const startedAt = performance.now()
  const result = await withTimeLimit(context.syncTimeoutMs, context.clock, signal, (limited) =>
    receiveInPlace({ ...attempt, signal: limited }, state.observed.commit as Oid),
  )
  return { type: 'repaired', result, durationMs: performance.now() - startedAt }
}

async function receiveInPlace(attempt: Attempt, commit: Oid) {
  const { drift, isFromThisRemote } = attempt.state.observed
  const all = { wants: [commit], haves: [], thinPack: false }
  const receiveAll = () => receivePack(attempt, { want: commit, have: undefined }, all)
  if (!drift?.missing || !isFromThisRemote) return receiveAll()
  try {
    const request = repairOf(attempt, drift.missing)
    return await receivePack(attempt, { want: commit, have: commit }, request)
  } catch (error) {
    if (attempt.signal.aborted || !needsWholeFetch(error, ['commit-not-found'])) throw error
    return receiveAll()
  }
}
