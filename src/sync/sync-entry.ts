// Brings one entry to what its remote named last, or to what was announced, once the remote confirms
// that: fetch, unpack, publish.
import type { ErrorCode } from '../base/errors.js'
import type { Oid } from '../git/oid.js'
import type { ChangedPaths } from '../hooks/hook-event.js'
import type { Inspection } from '../publish/drift/inspection.js'
import { isPartial, isWholeBy, selectionKey } from '../publish/tree/selection.js'
import type { FetchRequest } from '../remote/remote-session.js'
import type { LfsWant } from '../worker/lfs-objects.js'
import type { PackToPublish } from '../worker/pool.js'
import type { PackRequest, Unpacked } from '../worker/receive.js'
import { needsWholeFetch } from '../worker/whole-fetch.js'
import { announcedRevision } from './announced-revision.js'
import { confirmation, isConfirmed } from './confirmation.js'
import { type SyncContext, targetOf } from './context.js'
import type { Remote } from './remote.js'
import { submoduleLogin } from './remote-login.js'
import type { ResolvedRevision } from './resolve-revision.js'
import { runStep } from './run-step.js'
import { conclude, type EntryState } from './state/entry-state.js'
import type { OutcomeOf } from './state/outcome.js'
import { labelsOf, needsSync } from './state/records.js'
import { SyncProgress } from './sync-progress.js'
import { withTimeLimit } from './time-limit.js'

/** Faults after which some files may be those of the new commit, and others not. */
const MAY_BE_HALF_DONE: readonly ErrorCode[] = [
  'volume-failed',
  'volume-full',
  'path-blocked',
  'volume-hangs',
  'sync-timeout',
  'internal',
]

/**
 * Syncs an entry that needs it. Never rejects: a failure is a part of the entry's state. Returns
 * whether the remote named meanwhile what is to be synced at once, which its poll could not know.
 */
export async function syncEntry(
  state: EntryState,
  remote: Remote,
  context: SyncContext,
  signal: AbortSignal,
): Promise<boolean> {
  const announced = needsSync(state) ? undefined : announcedRevision(state)
  const wanted = announced ?? state.desired.wanted
  if (!wanted || (!announced && !needsSync(state))) return false
  let isUnconfirmed = false
  const progress = new SyncProgress(context.clock, (event) =>
    context.observe({ ...labelsOf(state), ...event }),
  )
  conclude(state, { type: 'syncing', wanted, progress }, context)
  try {
    const attempt = { state, wanted, progress, session: remote.session, context, signal }
    const outcome = await runStep<OutcomeOf<'published' | 'unconfirmed'>>(
      'sync',
      state,
      context,
      signal,
      () => (announced ? publishAnnounced(attempt, remote) : publishWanted(attempt)),
    )
    isUnconfirmed = outcome?.type === 'unconfirmed'
    if (outcome?.type === 'failed') {
      const { at, error } = outcome
      if (MAY_BE_HALF_DONE.includes(error.code)) await findAgain(state, wanted, context, signal)
      const { dependency, retryAfterMs } = error
      // Whoever else asked for it is no reason to leave the remote alone.
      if (retryAfterMs !== undefined && !dependency) remote.restUntil(at + retryAfterMs, context)
    }
  } finally {
    progress.end()
    conclude(state, { type: 'sync-ended' }, context)
  }
  // What failed is tried again by its next poll.
  const isAnother = isUnconfirmed || state.desired.wanted?.want !== wanted.want
  return isAnother && needsSync(state)
}

/**
 * Looks at what is in place after a fault that may have left a publication half done, which
 * completes it where it can be completed; while that fails, too, it counts as unknown.
 */
async function findAgain(
  state: EntryState,
  wanted: ResolvedRevision,
  context: SyncContext,
  signal: AbortSignal,
): Promise<void> {
  const found = await context.workers
    .inspect(targetOf(state, context), undefined, signal)
    // The fault that made it look again is the one that is reported.
    .catch((): Inspection => ({ commit: undefined, drift: undefined }))
  if (!signal.aborted) conclude(state, { type: 'found-again', wanted, found }, context)
}

/** What fails before the remote confirms it is no failure: its poll says what follows. */
async function publishAnnounced(
  attempt: Attempt,
  remote: Remote,
): Promise<OutcomeOf<'published' | 'unconfirmed'>> {
  const { state } = attempt
  const { want } = attempt.wanted
  // Whatever the remote names once it was asked: some files may be those of the new commit.
  let isPermitted: boolean | undefined
  const confirm: Attempt['confirm'] = async (how) => {
    isPermitted = false
    await confirmation(state, remote, want, how)
    isPermitted = true
  }
  const mayFail = () => isPermitted ?? isConfirmed(state, want)
  try {
    return await publishWanted({ ...attempt, confirm, mayFail })
  } catch (error) {
    if (mayFail()) throw error
    return { type: 'unconfirmed' }
  }
}

async function publishWanted(attempt: Attempt): Promise<OutcomeOf<'published'>> {
  const { state, wanted, context, signal } = attempt
  const { clock, observe, syncTimeoutMs } = context
  const { commit, drift, isFromThisRemote, selection: observedSelection } = state.observed
  const startedAt = performance.now()
  // Where nearly nothing is left, all of it is less work than every blob by itself.
  const isMostlyThere = drift === undefined || drift.missing !== undefined
  // A remote that is told of a commit takes all of it for granted.
  const { selection } = state.desired.entry
  const isEnough =
    isWholeBy(observedSelection) ||
    isSelective(attempt) ||
    observedSelection === selectionKey(selection)
  const have = isFromThisRemote && isMostlyThere && isEnough ? commit : undefined
  const told: { changes?: ChangedPaths } = {}
  const result = await withTimeLimit(syncTimeoutMs, clock, signal, async (limited) => {
    const allow = permissionOf({ ...attempt, signal: limited }, told)
    const inTime = { ...attempt, signal: limited, allow }
    try {
      if (have !== undefined && (drift || have === wanted.commit)) {
        const repaired = await repair(inTime, have, drift?.missing ?? [])
        if (have === wanted.commit) return repaired
      }
      return await fetchAndPublish(inTime, have)
    } catch (error) {
      const isWhole = have === undefined && !isSelective(attempt)
      // What was only announced costs one request.
      if (attempt.mayFail?.() === false) throw error
      if (isWhole || limited.aborted || !needsWholeFetch(error, refusalsOf(attempt))) throw error
      observe({ type: 'fetch-fell-back', ...labelsOf(state), oid: wanted.commit, error })
      return receive(inTime, { want: wanted.want, have: undefined }, wholeOf(wanted.want))
    }
  })
  const fetchMs = result.receivedAt - startedAt
  const durationMs = performance.now() - startedAt
  return { type: 'published', wanted, result, ...told, fetchMs, durationMs }
}

interface Attempt {
  state: EntryState
  wanted: ResolvedRevision
  progress: SyncProgress
  session: Remote['session']
  context: SyncContext
  signal: AbortSignal
  /** Of what was only announced: resolves when the remote names it. */
  confirm?: (how: { mayWait: boolean; signal: AbortSignal }) => Promise<void>
  /** Of that: whether what fails is a failure, as the remote named it, or does where it was not asked. */
  mayFail?: () => boolean
  /** Asked before a commit is published. */
  allow?: PackToPublish['allow']
}

/**
 * What is asked before a commit is published: the remote, of what was only announced, then the hooks
 * before; what changes is noted for those after. Undefined where nobody is.
 */
function permissionOf(
  { confirm, context, signal, state }: Attempt,
  told: { changes?: ChangedPaths },
): PackToPublish['allow'] {
  const { after, before, directory: path } = state.desired.entry
  const hasHooks = before.length + after.length > 0
  if (!confirm && !hasHooks) return undefined
  return async ({ changed, commit: oid, hasReserve, summary, worktree }) => {
    // The poll may need the memory.
    await confirm?.({ mayWait: !hasReserve, signal })
    if (!hasHooks) return
    told.changes = changed
    const { commit: previousOid, selection: last } = state.observed
    // What readers see already, or had been allowed to, needs no permission.
    const isRepair = oid === previousOid && last === selectionKey(state.desired.entry.selection)
    if (worktree === undefined || isRepair) return
    const event = { event: 'before', oid, previousOid, path, changed, summary } as const
    await context.askBefore(before, { ...labelsOf(state), ...event }, worktree, signal)
  }
}

/** With `have`, the remote sends only what that published commit lacks. */
function fetchAndPublish(
  attempt: Attempt,
  have: Oid | undefined,
): Promise<Unpacked & { receivedAt: number }> {
  const { want } = attempt.wanted
  const thin = have === undefined ? {} : { haves: [have], thinPack: true }
  const filter = isSelective(attempt) ? { withoutBlobs: true } : {}
  return receive(attempt, { want, have }, { ...wholeOf(want), ...thin, ...filter })
}

function wholeOf(want: Oid): FetchRequest {
  return { wants: [want], haves: [], thinPack: false }
}

/** Whether only a part of the commit is published. */
function isSelective({ state }: Attempt): boolean {
  return isPartial(state.desired.entry.selection)
}

/** Puts a commit right that is in place; the remote sends only the blobs that are `missing`. */
function repair(
  attempt: Attempt,
  commit: Oid,
  missing: Oid[],
): Promise<Unpacked & { receivedAt: number }> {
  // With submodules, it is to be found out whose they are.
  const isOwn = attempt.state.desired.entry.selection.submodules === undefined
  const request = isOwn && missing.length > 0 ? blobsOf(missing) : undefined
  return receive(attempt, { want: commit, have: commit }, request)
}

function blobsOf(oids: readonly Oid[]): FetchRequest {
  return { wants: oids, haves: [], thinPack: false }
}

/** Without a request, nothing is fetched but blobs that are lacking. */
async function receive(
  { allow, state, progress, session, context, signal }: Attempt,
  revisions: Pick<PackToPublish, 'want' | 'have'>,
  request: FetchRequest | undefined,
): Promise<Unpacked & { receivedAt: number }> {
  const fetching = new AbortController()
  const limited = AbortSignal.any([signal, fetching.signal])
  // Asked for as the worker starts, which reads what is published while the remote works.
  async function* fetch(wanted: FetchRequest | undefined): AsyncGenerator<Buffer> {
    if (!wanted) return
    yield* counted((await session.fetch(wanted, limited)).chunks, progress)
  }
  const fetchSubmodule = context.submodules.forSync(state.desired.entry)
  const fetchMore = ({ byRefs, haves, submodule, wants }: PackRequest) => {
    const wanted = { wants, haves, byRefs, thinPack: haves.length > 0 }
    if (!submodule) return fetch(wanted)
    return counted(fetchSubmodule(submodule, wanted, limited), progress)
  }
  const target = targetOf(state, context)
  const { entry } = state.desired
  const fetchLfs = ({ submodule, ...wanted }: LfsWant) => {
    const lfs = context.openLfs(submodule ? submoduleLogin(submodule.remote, entry) : entry)
    return lfs(wanted, limited).map((chunks) => counted(chunks, progress))
  }
  const { remote, selection } = entry
  try {
    const part = { target, selection, remote, ...revisions }
    const fetches = { chunks: fetch(request), fetch: fetchMore, fetchLfs }
    const pack = { ...part, ...fetches, progress: progress.work, ...(allow && { allow }) }
    return await context.workers.publish(pack, signal)
  } finally {
    // A worker that fails early leaves the rest of the pack to nobody.
    fetching.abort()
  }
}

async function* counted<T extends Uint8Array>(
  chunks: AsyncIterable<T>,
  progress: SyncProgress,
): AsyncGenerator<T> {
  for await (const chunk of chunks) {
    progress.receive(chunk.length)
    yield chunk
  }
}

/** What a server says that sends nothing but what its refs name. */
function refusalsOf(attempt: Attempt): ErrorCode[] {
  return attempt.state.observed.drift || isSelective(attempt) ? ['commit-not-found'] : []
}
