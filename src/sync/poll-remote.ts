// One look at a remote for all of its entries that are due.
import { SyncError, toSyncError } from '../base/errors.js'
import type { RemoteRef } from '../remote/smart/remote-ref.js'
import { retryDelayMs, spread } from '../schedule/cadence.js'
import type { SyncContext } from './context.js'
import type { EntryState } from './entry-state.js'
import { failPoll } from './failure.js'
import type { Remote } from './remote.js'
import { resolveRevision } from './resolve-revision.js'
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
  const { clock, cadence, syncTimeoutMs } = context
  const due = remote.dueEntries(clock.now(), cadence.jitter)
  for (const state of due) state.beginPoll()
  const polled = due.filter(({ isInspected }) => isInspected)
  if (polled.length === 0) return due
  const entries = polled.map(({ entry }) => entry)
  const startedAt = performance.now()
  const answer = await withTimeLimit(syncTimeoutMs, clock, signal, (limited) =>
    remote.listRefs(entries, limited),
  ).catch(toSyncError)
  if (signal.aborted) return []
  // The answer says nothing about entries that changed or left meanwhile.
  const current = polled.filter(
    (state, index) => remote.entries.has(state) && state.entry === entries[index],
  )
  if (answer instanceof SyncError) failAll(remote, current, answer, context, startedAt)
  else resolveAll(remote, current, answer, context, startedAt)
  return due.filter((state) => remote.entries.has(state) && (!state.isInspected || state.needsSync))
}

/** What was polled together is polled again at the same time, so that it is one look again. */
function resolveAll(
  remote: Remote,
  states: readonly EntryState[],
  refs: readonly RemoteRef[],
  { clock, cadence, observe }: SyncContext,
  startedAt: number,
): void {
  remote.failures = 0
  const at = clock.now()
  remote.suspicion.succeeded(at)
  const durationMs = performance.now() - startedAt
  // One throw for all of them.
  const chance = cadence.random()
  const shared = { ...cadence, random: () => chance }
  const factor = spread(shared)
  for (const state of states) {
    const nextInMs = Math.round(state.entry.intervalMs * factor)
    state.lastPolledAt = clock.wallTime()
    state.pollAt(at + nextInMs)
    try {
      const { commit: oid } = state.found(resolveRevision(state.entry.revision, refs))
      const type = state.isSynced ? 'poll-unchanged' : 'poll-changed'
      observe({ type, ...state.labels, oid, durationMs })
    } catch (reason) {
      const error = toSyncError(reason)
      const { intervalMs } = state.entry
      const retryInMs = retryDelayMs(error, state.failures + 1, intervalMs, shared)
      // A ref that is missing costs no request of its own while others are asked for.
      const failed = { error, at, durationMs, retryInMs, joinsInMs: nextInMs }
      failPoll(state, failed, observe)
    }
  }
}

/** The other entries of a remote wait along: it is left alone until the next attempt. */
function failAll(
  remote: Remote,
  states: readonly EntryState[],
  error: SyncError,
  { clock, cadence, observe }: SyncContext,
  startedAt: number,
): void {
  remote.failures++
  const retryInMs = retryDelayMs(error, remote.failures, remote.shortestIntervalMs, cadence)
  const at = clock.now()
  remote.suspicion.failed()
  const failed = { error, at, durationMs: performance.now() - startedAt, retryInMs }
  for (const state of states) failPoll(state, failed, observe)
  remote.restUntil(at + retryInMs)
}
