// Brings one entry to what its remote named last: fetch, unpack, publish.
import { type SyncError, toSyncError } from '../base/errors.js'
import type { RemoteSession } from '../protocol/remote-session.js'
import { retryDelayMs } from '../schedule/cadence.js'
import { type SyncContext, siteOf } from './context.js'
import type { EntryState } from './entry-state.js'
import { failPoll } from './poll-remote.js'
import type { Desired } from './resolve-revision.js'
import { withTimeLimit } from './time-limit.js'

/** Finds out what is in place, before an entry's first poll. Never rejects. */
export async function inspectEntry(
  state: EntryState,
  context: SyncContext,
  signal: AbortSignal,
): Promise<void> {
  const startedAt = performance.now()
  try {
    const commit = await context.workers.inspect(siteOf(state.entry, context))
    if (!signal.aborted) state.inspected(commit, context.clock.now())
  } catch (error) {
    if (!signal.aborted)
      failPoll([state], toSyncError(error), state.failures + 1, context, startedAt)
  }
}

/** Syncs an entry that needs it. Never rejects: a failure is a part of the entry's state. */
export async function syncEntry(
  state: EntryState,
  session: RemoteSession,
  context: SyncContext,
  signal: AbortSignal,
): Promise<void> {
  const { desired } = state
  if (!desired || !state.needsSync) return
  const startedAt = performance.now()
  state.isSyncing = true
  try {
    await publishDesired(state, desired, session, context, signal)
  } catch (error) {
    if (!signal.aborted) fail(state, desired, toSyncError(error), context, startedAt)
  } finally {
    state.isSyncing = false
  }
}

async function publishDesired(
  state: EntryState,
  desired: Desired,
  session: RemoteSession,
  context: SyncContext,
  signal: AbortSignal,
): Promise<void> {
  const { clock, observe, syncTimeoutMs, workers } = context
  const site = siteOf(state.entry, context)
  const previousOid = state.published
  const startedAt = performance.now()
  const result = await withTimeLimit(syncTimeoutMs, clock, signal, async (limited) => {
    const request = { wants: [desired.want], haves: [], thinPack: false }
    const { objectFormat, chunks } = await session.fetch(request, limited)
    return workers.publish({ site, want: desired.want, objectFormat, chunks }, limited)
  })
  // Published for an entry that has changed since: what is in place is looked at anew.
  if (signal.aborted) return
  state.published = result.commit
  state.hasContent = true
  state.lastPublishedAt = clock.now()
  state.succeeded()
  observe({
    type: 'sync-published',
    ...state.labels,
    oid: result.commit,
    previousOid,
    durationMs: performance.now() - startedAt,
    phases: {
      fetch: result.receivedAt - startedAt,
      unpack: result.unpackMs,
      publish: result.publishMs,
    },
    bytes: result.bytes,
    filesWritten: result.filesWritten,
    filesDeleted: result.filesDeleted,
    publishedAt: state.lastPublishedAt,
  })
  await workers.collect(site)
}

function fail(
  state: EntryState,
  desired: Desired,
  error: SyncError,
  { clock, cadence, observe }: SyncContext,
  startedAt: number,
): void {
  state.failed(error)
  if (error.disposition === 'stall') state.stalled = desired.want
  // A revision that cannot be published is not tried again, but its remote may name another.
  const retryInMs = retryDelayMs(error, state.failures, state.entry.intervalMs, cadence)
  if (retryInMs !== undefined) state.dueAt = clock.now() + retryInMs
  observe({
    type: 'sync-failed',
    ...state.labels,
    oid: desired.commit,
    durationMs: performance.now() - startedAt,
    error,
    attempt: state.failures,
    retryInMs,
  })
}
