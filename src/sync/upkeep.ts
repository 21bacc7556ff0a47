// The work on an entry that needs no remote: to find out what is in place, at the start and
// from time to time, and to remove what is not needed beside it. None of it ever rejects.
import { type SyncContext, targetOf } from './context.js'
import { runStep } from './run-step.js'
import { MOST_PASSES } from './state/after-inspection.js'
import { conclude, type EntryState } from './state/entry-state.js'

const DAY_MS = 24 * 3_600_000

/** Finds out what is in place, before an entry's first poll. */
export async function inspectEntry(
  state: EntryState,
  context: SyncContext,
  signal: AbortSignal,
): Promise<void> {
  await runStep('inspection', state, context, signal, async () => {
    const found = await context.workers.inspect(targetOf(state, context), undefined, signal)
    return { type: 'inspected', found }
  })
}

/**
 * Looks for published files that something else changed, when it is time to: at the status of each,
 * and at the content of a share of them.
 */
export async function verifyEntry(
  state: EntryState,
  context: SyncContext,
  signal: AbortSignal,
): Promise<void> {
  const { clock, verifyIntervalMs, workers } = context
  const { verification } = state.schedule
  if (!verification || verification.at > clock.now()) return
  conclude(state, { type: 'verifying' }, context)
  // What is suspended is left as it is.
  if (state.desired.entry.suspend || state.observed.commit === undefined) return
  const passes = Math.min(MOST_PASSES, Math.max(1, Math.floor(DAY_MS / verifyIntervalMs)))
  const share = { pass: verification.pass, passes }
  await runStep('verification', state, context, signal, async () => {
    const found = await workers.inspect(targetOf(state, context), share, signal)
    return { type: 'verified', found }
  })
}

/** Tidies an entry when it is time to. */
export async function tidyEntry(
  state: EntryState,
  context: SyncContext,
  signal: AbortSignal,
): Promise<void> {
  const { clock, graceMs, workers } = context
  const { tidyAt } = state.schedule
  if (tidyAt === undefined || tidyAt > clock.now()) return
  await runStep('tidying', state, context, signal, async () => {
    const againInMs = await workers.tidy(targetOf(state, context), graceMs, signal)
    return { type: 'tidied', againInMs }
  })
}
