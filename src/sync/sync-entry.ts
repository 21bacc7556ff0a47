// Brings one entry to what its remote named last: fetch, unpack, publish.
import { type ErrorCode, SyncError, toSyncError } from '../base/errors.js'
import type { Oid } from '../git/oid.js'
import type { Drift } from '../publish/snapshot/inspection.js'
import type { FetchRequest } from '../remote/smart/fetch-request.js'
import { retryDelayMs } from '../schedule/cadence.js'
import type { PackToPublish } from '../worker/pool.js'
import type { Unpacked } from '../worker/receive.js'
import { type SyncContext, siteOf } from './context.js'
import type { EntryState } from './entry-state.js'
import { failSync } from './failure.js'
import { inspectAgain } from './inspect-again.js'
import type { Remote } from './remote.js'
import { reportForeign } from './report-foreign.js'
import type { Desired } from './resolve-revision.js'
import { withTimeLimit } from './time-limit.js'

/** Faults after which some files may be those of the new commit, and others not. */
const MAY_BE_HALF_DONE: readonly ErrorCode[] = [
  'volume-failed',
  'volume-full',
  'path-blocked',
  'sync-timeout',
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
    if (state.drift && state.failures === 0) {
      const { count, paths: firstPaths } = state.drift
      observe({ type: 'drift-remains', ...state.labels, paths: count, firstPaths })
    }
    state.doubt.failed()
    const delayMs = retryDelayMs(error, state.failures + 1, state.entry.intervalMs, cadence)
    const retryInMs = error.disposition === 'stall' ? undefined : delayMs
    const durationMs = performance.now() - startedAt
    failSync(state, desired, { error, at, durationMs, retryInMs }, observe)
    if (MAY_BE_HALF_DONE.includes(error.code)) await inspectAgain(state, desired, context, signal)
    if (error.retryAfterMs !== undefined) remote.restUntil(at + error.retryAfterMs)
  } finally {
    state.syncing = undefined
  }
}

async function publishDesired(
  state: EntryState,
  desired: Desired,
  { session }: Remote,
  context: SyncContext,
  signal: AbortSignal,
): Promise<void> {
  const { clock, observe, syncTimeoutMs } = context
  const { drift, published: previousOid } = state
  const startedAt = performance.now()
  // Where nearly nothing is left, all of it is less work than every blob by itself.
  const isUsable = state.isFromThisRemote && (drift === undefined || drift.missing !== undefined)
  const have = isUsable ? previousOid : undefined
  const result = await withTimeLimit(syncTimeoutMs, clock, signal, async (limited) => {
    const attempt = { state, desired, session, context, signal: limited }
    try {
      if (have !== undefined && drift?.missing) {
        const repaired = await repair(attempt, have, drift.missing)
        if (have === desired.commit) return repaired
      }
      return await fetchAndPublish(attempt, have)
    } catch (error) {
      if (have === undefined || limited.aborted || !needsFullFetch(error, drift)) throw error
      observe({ type: 'fetch-fell-back', ...state.labels, oid: desired.commit, error })
      return fetchAndPublish(attempt, undefined)
    }
  })
  // Published for an entry that has changed since: what is in place is looked at anew.
  if (signal.aborted) return
  state.hasPublished(desired.want, result.commit, clock)
  state.doubt.succeeded(clock.now())
  for (const ignored of result.ignored ?? []) {
    if (state.ignored.has(ignored.attribute)) continue
    state.ignored.add(ignored.attribute)
    observe({ type: 'attribute-ignored', ...state.labels, oid: result.commit, ...ignored })
  }
  reportForeign(result, state, observe)
  const durationMs = performance.now() - startedAt
  const { bytes, filesDeleted, filesWritten } = result
  const published = { ...state.labels, oid: result.commit, durationMs, bytes }
  if (drift) {
    const { count, paths: firstPaths } = drift
    observe({ type: 'drift-repaired', ...published, paths: count, firstPaths })
    if (result.commit === previousOid) return
  }
  const phases = {
    fetch: result.receivedAt - startedAt,
    unpack: result.unpackMs,
    publish: result.publishMs,
  }
  observe({
    type: 'sync-published',
    ...published,
    previousOid,
    phases,
    filesWritten,
    filesDeleted,
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
  attempt: Attempt,
  have: Oid | undefined,
): Promise<Unpacked & { receivedAt: number }> {
  const { want } = attempt.desired
  const haves = have === undefined ? [] : [have]
  return receive(attempt, { want, have }, { wants: [want], haves, thinPack: have !== undefined })
}

/** Puts a commit right that is in place; the remote sends only the blobs that are missing. */
async function repair(
  attempt: Attempt,
  commit: Oid,
  missing: Oid[],
): Promise<Unpacked & { receivedAt: number }> {
  const request = { wants: missing, haves: [], thinPack: false }
  return receive(attempt, { want: commit, have: commit }, missing.length > 0 ? request : undefined)
}

/** Without a request, the pack is empty. */
async function receive(
  { state, session, context, signal }: Attempt,
  revisions: Pick<PackToPublish, 'want' | 'have'>,
  request: FetchRequest | undefined,
): Promise<Unpacked & { receivedAt: number }> {
  const fetching = new AbortController()
  const limited = AbortSignal.any([signal, fetching.signal])
  // Asked for as the worker starts, which reads what is published while the remote works.
  async function* fetchPack(): AsyncGenerator<Buffer> {
    if (request) yield* (await session.fetch(request, limited)).chunks
  }
  const site = siteOf(state, context)
  try {
    return await context.workers.publish({ site, ...revisions, chunks: fetchPack() }, signal)
  } finally {
    // A worker that fails early leaves the rest of the pack to nobody.
    fetching.abort()
  }
}

/** Whether a fetch of everything may succeed where a thin one failed. */
function needsFullFetch(error: unknown, drift: Drift | undefined): error is SyncError {
  const codes: ErrorCode[] = [
    'base-missing',
    'pack-corrupt',
    'pack-incomplete',
    'protocol-error',
    'remote-error',
  ]
  // What a server says that sends nothing but what its refs name.
  if (drift) codes.push('commit-not-found')
  return error instanceof SyncError && codes.includes(error.code)
}
