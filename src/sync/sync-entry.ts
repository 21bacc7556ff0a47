// Brings one entry to what its remote named last: fetch, unpack, publish.
import { type ErrorCode, SyncError, toSyncError } from '../base/errors.js'
import type { Oid } from '../git/oid.js'
import type { RemoteSession } from '../protocol/remote-session.js'
import { retryDelayMs } from '../schedule/cadence.js'
import { type SyncContext, siteOf } from './context.js'
import type { EntryState } from './entry-state.js'
import { failPoll } from './poll-remote.js'
import type { Desired } from './resolve-revision.js'
import { withTimeLimit } from './time-limit.js'
import type { Unpacked } from './unpacking.js'

/** Finds out what is in place, before an entry's first poll. Never rejects. */
export async function inspectEntry(
  state: EntryState,
  context: SyncContext,
  signal: AbortSignal,
): Promise<void> {
  const startedAt = performance.now()
  try {
    const commit = await context.workers.inspect(siteOf(state.entry, context))
    if (signal.aborted) return
    state.inspected(commit, context.clock.now())
    // What an earlier run left is removed, too.
    state.needsTidying = commit !== undefined
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
  const { clock, observe, syncTimeoutMs } = context
  const { published: previousOid } = state
  const startedAt = performance.now()
  const have = state.isFromThisRemote ? previousOid : undefined
  const result = await withTimeLimit(syncTimeoutMs, clock, signal, async (limited) => {
    const attempt = { state, desired, session, context, signal: limited }
    if (have === undefined) return fetchAndPublish(attempt, undefined)
    try {
      return await fetchAndPublish(attempt, have)
    } catch (error) {
      if (limited.aborted || !needsFullFetch(error)) throw error
      observe({ type: 'fetch-fell-back', ...state.labels, oid: desired.commit, error })
      return fetchAndPublish(attempt, undefined)
    }
  })
  // Published for an entry that has changed since: what is in place is looked at anew.
  if (signal.aborted) return
  state.published = result.commit
  state.hasContent = true
  state.isFromThisRemote = true
  state.needsTidying = true
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
}

interface Attempt {
  state: EntryState
  desired: Desired
  session: RemoteSession
  context: SyncContext
  signal: AbortSignal
}

/** With `have`, the remote sends only what that published commit lacks. */
async function fetchAndPublish(
  { state, desired, session, context, signal }: Attempt,
  have: Oid | undefined,
): Promise<Unpacked & { receivedAt: number }> {
  const { want } = desired
  const haves = have === undefined ? [] : [have]
  const request = { wants: [want], haves, thinPack: have !== undefined }
  // Asked for as the worker starts, which reads what is published while the remote works.
  async function* fetchPack(): AsyncGenerator<Buffer> {
    yield* (await session.fetch(request, signal)).chunks
  }
  const site = siteOf(state.entry, context)
  return context.workers.publish({ site, want, have, chunks: fetchPack() }, signal)
}

/** Whether a fetch of everything may succeed where a thin one failed. */
function needsFullFetch(error: unknown): error is SyncError {
  const codes: ErrorCode[] = [
    'base-missing',
    'pack-corrupt',
    'pack-incomplete',
    'protocol-error',
    'remote-error',
  ]
  return error instanceof SyncError && codes.includes(error.code)
}

/**
 * Removes what is not needed beside a published tree. Never rejects; returns the milliseconds
 * until there is more to do, undefined where there is not.
 */
export async function tidyEntry(
  state: EntryState,
  context: SyncContext,
  signal: AbortSignal,
): Promise<number | undefined> {
  const { graceMs, observe, workers } = context
  try {
    const { intervalMs } = state.entry
    return await workers.tidy(siteOf(state.entry, context), { graceMs, intervalMs }, signal)
  } catch (error) {
    if (!signal.aborted)
      observe({ type: 'tidy-failed', ...state.labels, error: toSyncError(error) })
    return undefined
  }
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
