// Brings one entry to what its remote named last, or to what was announced, once the remote confirms
// that; what becomes of it is a part of the state of the entry.
import type { ErrorCode } from '../base/errors.js'
import type { Inspection } from '../publish/drift/inspection.js'
import { announcedRevision } from './announced-revision.js'
import { publishAnnounced } from './announced-sync.js'
import { type SyncContext, targetOf } from './context.js'
import type { Remote } from './remote.js'
import { repairInPlace } from './repair-in-place.js'
import type { ResolvedRevision } from './resolve-revision.js'
import { runStep } from './run-step.js'
import { conclude, type EntryState } from './state/entry-state.js'
import type { OutcomeOf } from './state/outcome.js'
import { labelsOf, needsSync } from './state/records.js'
import { SyncProgress } from './sync-progress.js'
import { publishWanted } from './wanted-sync.js'

/** Faults after which some files may be those of the new commit, and others not. */
const MAY_BE_HALF_DONE: readonly ErrorCode[] = [
  'volume-failed',
  'volume-full',
  'path-blocked',
  'repository-locked',
  'volume-hangs',
  'sync-timeout',
  'internal',
]

/**
 * Syncs an entry that needs it. Never rejects: a failure is a part of the entry's state. Returns
 * whether the remote named meanwhile what is to be synced at once, which its poll could not know.
 */
export async function syncEntry(
  state: EntryState,
  remote: Remote,
  context: SyncContext,
  signal: AbortSignal,
): Promise<boolean> {
  const announced = needsSync(state) ? undefined : announcedRevision(state)
  const wanted = announced ?? state.desired.wanted
  if (!wanted || (!announced && !needsSync(state))) return false
  const isRefused = wanted.want === state.desired.stalled?.want
  let isUnconfirmed = false
  const progress = new SyncProgress(context.clock, (event) =>
    context.observe({ ...labelsOf(state), ...event }),
  )
  conclude(state, { type: 'syncing', wanted, progress }, context)
  try {
    const attempt = { state, wanted, progress, session: remote.session, context, signal }
    const outcome = await runStep<OutcomeOf<'published' | 'repaired' | 'unconfirmed'>>(
      'sync',
      state,
      context,
      signal,
      () => {
        if (announced) return publishAnnounced(attempt, remote)
        return isRefused ? repairInPlace(attempt) : publishWanted(attempt)
      },
    )
    isUnconfirmed = outcome?.type === 'unconfirmed'
    if (outcome?.type === 'failed') {
      const { at, error } = outcome
      if (MAY_BE_HALF_DONE.includes(error.code)) await findAgain(state, wanted, context, signal)
      const { dependency, retryAfterMs } = error
      // Whoever else asked for it is no reason to leave the remote alone.
      if (retryAfterMs !== undefined && !dependency) remote.restUntil(at + retryAfterMs, context)
    }
  } finally {
    progress.end()
    conclude(state, { type: 'sync-ended' }, context)
  }
  // What failed is tried again by its next poll.
  const isAnother = isUnconfirmed || state.desired.wanted?.want !== wanted.want
  return isAnother && needsSync(state)
}

/**
 * Looks at what is in place after a fault that may have left a publication half done, which
 * completes it where it can be completed; while that fails, too, it counts as unknown.
 */
async function findAgain(
  state: EntryState,
  wanted: ResolvedRevision,
  context: SyncContext,
  signal: AbortSignal,
): Promise<void> {
  const found = await context.workers
    .inspect(targetOf(state, context), undefined, signal)
    // The fault that made it look again is the one that is reported.
    .catch((): Inspection => ({ commit: undefined, drift: undefined }))
  if (!signal.aborted) conclude(state, { type: 'found-again', wanted, found }, context)
}
