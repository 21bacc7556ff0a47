// The work on an entry that needs no remote: to find out what is in place, at the start and
// from time to time, to remove what is not needed beside it, and in the end all of it.
import { toSyncError } from '../base/errors.js'
import { retryDelayMs, spread } from '../schedule/cadence.js'
import { type SyncContext, siteOf } from './context.js'
import type { EntryState } from './entry-state.js'
import { failPoll } from './failure.js'
import { reportForeign } from './report-foreign.js'

/** However short the interval, tidying that failed is not tried again sooner. */
const SHORTEST_TIDY_RETRY_MS = 60_000

/** In so many looks for drift, or within a day, all content is hashed once. */
const MOST_PASSES = 24
const DAY_MS = 24 * 3_600_000

/** Finds out what is in place, before an entry's first poll. Never rejects. */
export async function inspectEntry(
  state: EntryState,
  context: SyncContext,
  signal: AbortSignal,
): Promise<void> {
  const { cadence, clock, observe, verifyIntervalMs, workers } = context
  const startedAt = performance.now()
  try {
    const survey = await workers.inspect(siteOf(state, context), undefined, signal)
    if (signal.aborted) return
    state.inspected(survey, clock.now())
    reportForeign(survey, state, observe)
    const { commit: oid } = survey
    if (oid !== undefined) {
      if (state.isAsLabelled) observe({ type: 'content-found', ...state.labels, oid })
      // What an earlier run left beside it is removed, too.
      state.tidyAt = clock.now()
    }
    if (verifyIntervalMs === 0) return
    // Entries that start together are not all looked at together for ever.
    const at = clock.now() + verifyIntervalMs * cadence.random()
    state.verification = { at, pass: Math.floor(MOST_PASSES * cadence.random()) }
  } catch (reason) {
    if (signal.aborted) return
    const error = toSyncError(reason)
    const retryInMs = retryDelayMs(error, state.failures + 1, state.entry.intervalMs, cadence)
    const durationMs = performance.now() - startedAt
    failPoll(state, { error, at: clock.now(), durationMs, retryInMs }, observe)
  }
}

/**
 * Looks for published files that something else changed, when it is time to: at the status of each,
 * and at the content of a share of them. Never rejects: a failure is reported, and tried again.
 */
export async function verifyEntry(
  state: EntryState,
  context: SyncContext,
  signal: AbortSignal,
): Promise<void> {
  const { cadence, clock, observe, verifyIntervalMs, workers } = context
  const { entry, verification } = state
  if (!verification || verification.at > clock.now()) return
  const { pass } = verification
  const at = clock.now() + verifyIntervalMs * spread(cadence)
  state.verification = { at, pass: pass + 1 }
  // What is suspended is left as it is.
  if (entry.suspend || state.published === undefined) return
  const passes = Math.min(MOST_PASSES, Math.max(1, Math.floor(DAY_MS / verifyIntervalMs)))
  try {
    const survey = await workers.inspect(siteOf(state, context), { pass, passes }, signal)
    if (signal.aborted) return
    if (survey.commit === undefined) observe({ type: 'content-unknown', ...state.labels })
    state.verified(survey)
    reportForeign(survey, state, observe)
  } catch (error) {
    if (signal.aborted) return
    observe({ type: 'verify-failed', ...state.labels, error: toSyncError(error) })
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
    const waitMs = await workers.tidy(siteOf(state, context), graceMs, signal)
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
  signal: AbortSignal,
): Promise<number | undefined> {
  const { cadence, observe, workers } = context
  try {
    await workers.unpublish(siteOf(state, context), signal)
    state.hasContent = false
    return undefined
  } catch (reason) {
    if (signal.aborted) return undefined
    const error = toSyncError(reason)
    state.failed(error)
    observe({ type: 'tidy-failed', ...state.labels, error })
    const { intervalMs } = state.entry
    return retryDelayMs(error, state.failures, intervalMs, cadence)
  }
}
