// One look at a remote for all of its entries that are due.
import { type SyncError, toSyncError } from '../base/errors.js'
import type { RemoteRef } from '../protocol/remote-ref.js'
import { retryDelayMs, spread } from '../schedule/cadence.js'
import type { SyncContext } from './context.js'
import type { EntryState } from './entry-state.js'
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
  const due = [...remote.entries].filter((state) => state.isDue(clock.now(), cadence.jitter))
  const polled = due.filter(({ isInspected }) => isInspected)
  // From here on, a time that is set means that somebody wants another poll after this one.
  for (const state of due) state.dueAt = undefined
  if (polled.length === 0) return due
  const entries = polled.map(({ entry }) => entry)
  const startedAt = performance.now()
  try {
    const refs = await withTimeLimit(syncTimeoutMs, clock, signal, (limited) =>
      remote.listRefs(entries, limited),
    )
    remote.failures = 0
    const factor = spread(cadence)
    for (const [index, state] of polled.entries()) {
      // An entry that changed meanwhile is polled again.
      if (state.entry === entries[index]) resolve(state, refs, factor, context, startedAt)
    }
  } catch (error) {
    if (signal.aborted) return []
    remote.failures++
    const unchanged = polled.filter(({ entry }, index) => entry === entries[index])
    failPoll(unchanged, toSyncError(error), remote.failures, context, startedAt)
  }
  return due.filter((state) => !state.isInspected || state.needsSync)
}

function resolve(
  state: EntryState,
  refs: readonly RemoteRef[],
  factor: number,
  context: SyncContext,
  startedAt: number,
): void {
  const { clock, observe } = context
  state.lastPolledAt = clock.now()
  state.pollAgainAt(clock.now() + state.entry.intervalMs * factor)
  try {
    state.desired = resolveRevision(state.entry.revision, refs)
  } catch (error) {
    failPoll([state], toSyncError(error), state.failures + 1, context, startedAt)
    return
  }
  const isUnchanged = state.desired.commit === state.published
  if (isUnchanged) state.succeeded()
  observe({
    type: isUnchanged ? 'poll-unchanged' : 'poll-changed',
    ...state.labels,
    oid: state.desired.commit,
    durationMs: performance.now() - startedAt,
  })
}

/** All entries of a failed poll wait equally long, so that they stay one poll. */
export function failPoll(
  states: readonly EntryState[],
  error: SyncError,
  attempt: number,
  { clock, cadence, observe }: SyncContext,
  startedAt: number,
): void {
  const shortest = Math.min(...states.map(({ entry }) => entry.intervalMs))
  const retryInMs = retryDelayMs(error, attempt, shortest, cadence)
  for (const state of states) {
    state.failed(error)
    if (retryInMs !== undefined) state.pollAgainAt(clock.now() + retryInMs)
    observe({
      type: 'poll-failed',
      ...state.labels,
      durationMs: performance.now() - startedAt,
      error,
      attempt: state.failures,
      retryInMs,
    })
  }
}
