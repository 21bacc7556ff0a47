// One way to do a step of the work on an entry: its outcome, or its failure, becomes a part of
// the entry's state; of work that was aborted nothing does.
import { toSyncError } from '../base/errors.js'
import type { SyncContext } from './context.js'
import { conclude, type EntryState } from './state/entry-state.js'
import type { Failed, Outcome } from './state/outcome.js'

/** Does a step, and concludes with what it comes to. Never rejects; undefined: it was aborted. */
export async function runStep<T extends Outcome>(
  step: Failed['step'],
  state: EntryState,
  context: SyncContext,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T | Failed | undefined> {
  const startedAt = performance.now()
  const outcome = await work().catch((reason): Failed => {
    const error = toSyncError(reason)
    const durationMs = performance.now() - startedAt
    return { type: 'failed', step, error, at: context.clock.now(), durationMs }
  })
  if (signal.aborted) return undefined
  conclude(state, outcome, context)
  return outcome
}
