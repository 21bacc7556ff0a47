// The work on an entry that needs no remote: to find out what is in place, to remove what is
// not needed beside it, and in the end to remove all of it.
import { toSyncError } from '../base/errors.js'
import { retryDelayMs } from '../schedule/cadence.js'
import { type SyncContext, siteOf } from './context.js'
import type { EntryState } from './entry-state.js'
import { failPoll } from './failure.js'

/** However short the interval, tidying that failed is not tried again sooner. */
const SHORTEST_TIDY_RETRY_MS = 60_000

/** Finds out what is in place, before an entry's first poll. Never rejects. */
export async function inspectEntry(
  state: EntryState,
  context: SyncContext,
  signal: AbortSignal,
): Promise<void> {
  const { cadence, clock, observe, workers } = context
  const startedAt = performance.now()
  try {
    const commit = await workers.inspect(siteOf(state.entry, context))
    if (signal.aborted) return
    state.inspected(commit, clock.now())
    // What an earlier run left is removed, too.
    if (commit !== undefined) state.tidyAt = clock.now()
  } catch (reason) {
    if (signal.aborted) return
    const error = toSyncError(reason)
    const retryInMs = retryDelayMs(error, state.failures + 1, state.entry.intervalMs, cadence)
    const durationMs = performance.now() - startedAt
    failPoll(state, { error, at: clock.now(), durationMs, retryInMs }, observe)
  }
}

/** Tidies an entry when it is time to. Never rejects: a failure is reported, and tried again. */
export async function tidyEntry(
  state: EntryState,
  context: SyncContext,
  signal: AbortSignal,
): Promise<void> {
  const { clock, graceMs, observe, workers } = context
  if (state.tidyAt === undefined || state.tidyAt > clock.now()) return
  state.tidyAt = undefined
  try {
    const waitMs = await workers.tidy(siteOf(state.entry, context), graceMs, signal)
    if (waitMs !== undefined && !signal.aborted) state.tidyAt = clock.now() + waitMs
  } catch (error) {
    if (signal.aborted) return
    state.tidyAt = clock.now() + Math.max(state.entry.intervalMs, SHORTEST_TIDY_RETRY_MS)
    observe({ type: 'tidy-failed', ...state.labels, error: toSyncError(error) })
  }
}

/**
 * Removes all that an entry published which left the listing. Never rejects; returns the
 * milliseconds until it is to be tried again, undefined where nothing is left.
 */
export async function unpublishEntry(
  state: EntryState,
  context: SyncContext,
): Promise<number | undefined> {
  const { cadence, observe, workers } = context
  try {
    await workers.unpublish(siteOf(state.entry, context))
    state.hasContent = false
    return undefined
  } catch (reason) {
    const error = toSyncError(reason)
    state.failed(error)
    observe({ type: 'tidy-failed', ...state.labels, error })
    const { intervalMs } = state.entry
    return retryDelayMs(error, state.failures, intervalMs, cadence) ?? intervalMs
  }
}
