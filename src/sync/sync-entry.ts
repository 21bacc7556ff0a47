// Brings one entry to what its remote named last: fetch, unpack, publish.
import { type ErrorCode, SyncError, toSyncError } from '../base/errors.js'
import type { Oid } from '../git/oid.js'
import { retryDelayMs } from '../schedule/cadence.js'
import { type SyncContext, siteOf } from './context.js'
import type { EntryState } from './entry-state.js'
import { failSync } from './failure.js'
import type { Remote } from './remote.js'
import type { Desired } from './resolve-revision.js'
import { withTimeLimit } from './time-limit.js'
import type { Unpacked } from './unpacking.js'

/** Faults after which some files may be those of the new commit, and others not. */
const MAY_BE_HALF_DONE: readonly ErrorCode[] = [
  'volume-failed',
  'volume-full',
  'path-blocked',
  'internal',
]

/** Syncs an entry that needs it. Never rejects: a failure is a part of the entry's state. */
export async function syncEntry(
  state: EntryState,
  remote: Remote,
  context: SyncContext,
  signal: AbortSignal,
): Promise<void> {
  const { desired } = state
  if (!desired || !state.needsSync) return
  const { cadence, clock, observe } = context
  const startedAt = performance.now()
  state.syncing = desired
  try {
    await publishDesired(state, desired, remote, context, signal)
  } catch (reason) {
    if (signal.aborted) return
    const error = toSyncError(reason)
    const at = clock.now()
    const retryInMs = retryDelayMs(error, state.failures + 1, state.entry.intervalMs, cadence)
    const durationMs = performance.now() - startedAt
    failSync(state, desired, { error, at, durationMs, retryInMs }, observe)
    if (MAY_BE_HALF_DONE.includes(error.code)) await inspectAgain(state, desired, context, signal)
    if (error.retryAfterMs !== undefined) remote.restUntil(at + error.retryAfterMs)
  } finally {
    state.syncing = undefined
  }
}

/** Finds out what is in place after a fault; while that fails, too, it counts as unknown. */
async function inspectAgain(
  state: EntryState,
  desired: Desired,
  context: SyncContext,
  signal: AbortSignal,
): Promise<void> {
  let commit: Oid | undefined
  try {
    commit = await context.workers.inspect(siteOf(state.entry, context))
  } catch {
    // The fault that made it look again is the one that is reported.
  }
  if (signal.aborted) return
  const now = context.clock.now()
  if (commit !== undefined && commit === desired.commit) {
    // Completed by the inspection. The failure was reported; the next poll ends it.
    state.completed(desired.want, commit, now)
    return
  }
  if (commit !== state.published) state.publishedFrom = undefined
  state.published = commit
  if (commit !== undefined) state.tidyAt = now
}

async function publishDesired(
  state: EntryState,
  desired: Desired,
  { session }: Remote,
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
  const publishedAt = clock.now()
  state.hasPublished(desired.want, result.commit, publishedAt)
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
    publishedAt,
  })
}

interface Attempt {
  state: EntryState
  desired: Desired
  session: Remote['session']
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
