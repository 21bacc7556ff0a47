// One look at a remote for all of its entries that are due.
import { SyncError, toSyncError } from '../base/errors.js'
import { retryDelayMs } from '../schedule/retry-delay.js'
import type { SyncContext } from './context.js'
import type { Remote, Resolve } from './remote.js'
import { retryRefused } from './signature-check.js'
import { conclude, type EntryState } from './state/entry-state.js'
import type { Outcome, PolledTogether } from './state/outcome.js'
import { needsSync } from './state/records.js'
import { withTimeLimit } from './time-limit.js'

/**
 * Polls a remote and returns the entries that need work: a sync, or a look at what is in place.
 * Never rejects: a failure is a part of the entries' states.
 */
export async function pollRemote(
  remote: Remote,
  context: SyncContext,
  signal: AbortSignal,
): Promise<EntryState[]> {
  const { clock, syncTimeoutMs } = context
  const due = remote.dueEntries(clock.now())
  for (const state of due) conclude(state, { type: 'polling' }, context)
  const polled = due.filter(({ observed }) => observed.isInspected)
  if (polled.length === 0) return due
  const entries = polled.map(({ desired }) => desired.entry)
  if (polled.some(({ observed }) => !observed.hasContent)) remote.session.prepareFetch?.()
  const startedAt = performance.now()
  const answer = await withTimeLimit(syncTimeoutMs, clock, signal, (limited) =>
    remote.ask(entries, limited),
  ).catch(toSyncError)
  if (signal.aborted) return []
  // The answer says nothing about entries that changed or left meanwhile.
  const current = polled.filter(
    (state, index) => remote.entries.has(state) && state.desired.entry === entries[index],
  )
  const durationMs = performance.now() - startedAt
  if (answer instanceof SyncError) failAll(remote, current, answer, context, durationMs)
  else resolveAll(remote, current, answer, context, durationMs)
  const refused = current.filter(({ desired }) => desired.stalled?.keysStatus !== undefined)
  if (refused.length > 0) await retryRefused(refused, context)
  return due.filter(
    (state) => remote.entries.has(state) && (!state.observed.isInspected || needsSync(state)),
  )
}

/** What was polled together is polled again at the same time, so that it is one look again. */
function resolveAll(
  remote: Remote,
  states: readonly EntryState[],
  resolve: Resolve,
  context: SyncContext,
  durationMs: number,
): void {
  const { clock, cadence } = context
  remote.failures = 0
  const at = clock.now()
  remote.suspicion.succeeded(at)
  // One throw for all of them.
  const chance = cadence.random()
  const shared = { at, durationMs, cadence: { ...cadence, random: () => chance } }
  let isMissed = false
  for (const state of states) {
    const before = state.schedule.webhooks
    conclude(state, outcomeOf(state, resolve, shared), context)
    isMissed ||= state.schedule.webhooks !== before
  }
  if (!isMissed) return
  for (const state of remote.entries) conclude(state, { type: 'webhook-missed' }, context)
}

/** The other entries of a remote wait along: it is left alone until the next attempt. */
function failAll(
  remote: Remote,
  states: readonly EntryState[],
  error: SyncError,
  context: SyncContext,
  durationMs: number,
): void {
  const { clock, cadence } = context
  remote.failures++
  const retryInMs = retryDelayMs(error, remote.failures, remote.shortestIntervalMs, cadence)
  const at = clock.now()
  remote.suspicion.failed()
  const failed: Outcome = { type: 'failed', step: 'poll', error, at, durationMs, retryInMs }
  for (const state of states) conclude(state, failed, context)
  remote.restUntil(at + retryInMs, context)
}

function outcomeOf({ desired }: EntryState, resolve: Resolve, shared: PolledTogether): Outcome {
  try {
    return { type: 'polled', ...shared, wanted: resolve(desired.entry.revision) }
  } catch (reason) {
    return { type: 'failed', step: 'resolution', ...shared, error: toSyncError(reason) }
  }
}
