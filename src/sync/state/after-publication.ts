// What follows where a commit came to be in place: by a sync, or by the look at what is in
// place after one that a fault may have left half done.
import type { Clock } from '../../base/clock.js'
import type { Oid } from '../../git/oid.js'
import type { Inspection } from '../../publish/drift/inspection.js'
import { selectionKey } from '../../publish/tree/selection.js'
import type { Unpacked } from '../../worker/unpacked.js'
import type { EntryEvent, Trigger } from '../events.js'
import type { ResolvedRevision } from '../resolve-revision.js'
import { foreignRemoved, placed } from './after-inspection.js'
import { pollAt } from './due.js'
import type { OutcomeRule } from './outcome.js'
import { type Desired, type Observed, SUCCEEDED } from './records.js'

/** What a publication took that an inspection completed: it was not counted. */
const NOT_COUNTED = {
  durationMs: 0,
  phases: { fetch: 0, unpack: 0, publish: 0 },
  bytes: 0,
  filesWritten: 0,
  filesDeleted: 0,
}

/** What follows where a sync published a commit. */
export const afterPublication: OutcomeRule<'published'> = (
  { desired, observed, schedule },
  outcome,
  { cadence, clock },
) => {
  const { wanted, result, changes, fetchMs, durationMs } = outcome
  const { commit: previousOid, drift, ignored } = observed
  const { commit: oid, bytes, filesDeleted, filesWritten } = result
  const attributes = result.ignored?.map(({ attribute }) => attribute) ?? []
  const untold = (result.ignored ?? []).filter(
    ({ attribute }, index) => !ignored.has(attribute) && attributes.indexOf(attribute) === index,
  )
  const phases = { fetch: fetchMs, unpack: result.unpackMs, publish: result.publishMs }
  const published = { oid, durationMs, bytes }
  const events: EntryEvent[] = [
    ...untold.map((each) => ({ type: 'attribute-ignored' as const, oid, ...each })),
    ...foreignRemoved(result),
  ]
  if (drift) {
    const { count: paths, paths: firstPaths } = drift
    events.push({ type: 'drift-repaired', ...published, paths, firstPaths })
  }
  if (!drift || oid !== previousOid) {
    const counts = { phases, filesWritten, filesDeleted }
    const lag = lagOf(desired, clock)
    const { news: commits, signature, summary } = result
    const signer = signature && { signer: signature.signer }
    const told = { ...(changes && { changes }), ...(commits && { commits }) }
    const more = { ...lag, summary, ...signer, ...told }
    events.push({ type: 'sync-published', ...published, previousOid, ...counts, ...more })
  }
  return {
    observed: {
      ...inPlaceNow(desired, wanted, result, clock),
      ignored: new Set([...ignored, ...attributes]),
    },
    desired: { wanted: peeled(desired, wanted, oid), found: undefined, stalled: undefined },
    schedule: {
      tidyAt: clock.now(),
      ...SUCCEEDED,
      ...(cadence.retryMs && pollAt(schedule, clock.now() + desired.entry.intervalMs)),
    },
    events,
  }
}

/** What follows where what is in place was put right, before what the remote names, or while that is refused. */
export const afterRepair: OutcomeRule<'repaired'> = (
  { desired, observed, schedule },
  outcome,
  { clock },
) => {
  const { durationMs, result } = outcome
  const { bytes, commit: oid, signature, summary } = result
  const { count: paths = 0, paths: firstPaths = [] } = observed.drift ?? {}
  const repaired = { oid, durationMs, bytes, paths, firstPaths }
  return {
    observed: { summary, signature, drift: undefined, hasContent: true },
    schedule: { tidyAt: clock.now(), error: desired.stalled?.error ?? schedule.error },
    events: [...foreignRemoved(result), { type: 'drift-repaired', ...repaired }],
  }
}

/**
 * What follows where what is in place was looked at after a fault, which is the one that is told:
 * the publication was completed, or another commit is in place, or it is not known which.
 */
export const afterFindingAgain: OutcomeRule<'found-again'> = (
  { desired, observed },
  { wanted, found },
  { clock },
) => {
  const { commit, drift } = found
  const { commit: previousOid } = observed
  const schedule = commit === undefined ? {} : { tidyAt: clock.now() }
  const isSelected = found.selection === selectionKey(desired.entry.selection)
  const events = [...foreignRemoved(found), ...repairedBefore(observed, found)]
  if (commit !== undefined && commit === wanted.commit && isSelected && !drift) {
    if (!observed.drift || commit !== previousOid) {
      const { summary } = found
      events.push({ type: 'sync-published', oid: commit, previousOid, ...NOT_COUNTED, summary })
    }
    return {
      observed: inPlaceNow(desired, wanted, { ...found, commit }, clock),
      desired: { wanted: peeled(desired, wanted, commit), found: undefined },
      schedule,
      events,
    }
  }
  if (commit !== previousOid) {
    events.push(commit ? { type: 'content-found', oid: commit } : { type: 'content-unknown' })
  }
  return {
    observed: { ...placed(observed, found), drift },
    schedule,
    events,
  }
}

/** Tells what of the drift known before a fault was put right all the same, as far as it is named. */
function repairedBefore({ drift }: Observed, { commit, drift: left }: Inspection): EntryEvent[] {
  // Of so much that it is not all named, nobody can tell what is left of it.
  const isAllNamed = left === undefined || left.count === left.paths.length
  if (!drift || commit === undefined || !isAllNamed) return []
  const firstPaths = drift.paths.filter((path) => !left?.paths.includes(path))
  const paths = Math.max(firstPaths.length, drift.count - (left?.count ?? 0))
  if (paths === 0) return []
  const { bytes, durationMs } = NOT_COUNTED
  return [{ type: 'drift-repaired', oid: commit, paths, firstPaths, bytes, durationMs }]
}

/** `commit` is in place now, which `want` led to, whatever went wrong on the way. */
function inPlaceNow(
  { entry }: Desired,
  { want }: ResolvedRevision,
  {
    commit,
    history,
    news,
    signature,
    summary,
  }: Pick<Unpacked, 'commit' | 'history' | 'news' | 'signature' | 'summary'>,
  clock: Clock,
): Partial<Observed> {
  return {
    commit,
    summary,
    signature,
    selection: selectionKey(entry.selection),
    history,
    news,
    want,
    drift: undefined,
    hasContent: true,
    isFromThisRemote: true,
    isAsLabelled: true,
    lastPublishedAt: clock.wallTime(),
  }
}

/** How long ago its commit was announced, or the poll began that found it. */
function lagOf({ found }: Desired, clock: Clock): { trigger?: Trigger; lagMs?: number } {
  return found ? { trigger: found.trigger, lagMs: clock.now() - found.at } : {}
}

/** What the remote names, with the commit that it was found to lead to. */
function peeled(
  { wanted }: Desired,
  { want }: ResolvedRevision,
  commit: Oid,
): ResolvedRevision | undefined {
  return wanted?.want === want ? { ...wanted, commit } : wanted
}
