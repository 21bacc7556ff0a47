// What follows where a commit came to be in place: by a sync, or by the look at what is in
// place after one that a fault may have left half done.
import type { Clock } from '../../base/clock.js'
import type { Oid } from '../../git/oid.js'
import type { EntryLabels, SyncEvent } from '../events.js'
import type { ResolvedRevision } from '../resolve-revision.js'
import { foreignRemoved, placed } from './after-inspection.js'
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
  { desired, observed },
  outcome,
  { clock },
) => {
  const { target, result, fetchMs, durationMs } = outcome
  const { commit: previousOid, drift, ignored } = observed
  const { commit: oid, bytes, filesDeleted, filesWritten } = result
  const attributes = result.ignored?.map(({ attribute }) => attribute) ?? []
  const untold = (result.ignored ?? []).filter(
    ({ attribute }, index) => !ignored.has(attribute) && attributes.indexOf(attribute) === index,
  )
  const phases = { fetch: fetchMs, unpack: result.unpackMs, publish: result.publishMs }
  return {
    observed: { ...inPlaceNow(target, oid, clock), ignored: new Set([...ignored, ...attributes]) },
    desired: { target: peeled(desired, target, oid), stalled: undefined },
    schedule: { tidyAt: clock.now(), ...SUCCEEDED },
    events(labels) {
      const published = { ...labels, oid, durationMs, bytes }
      const events: SyncEvent[] = [
        ...untold.map((each) => ({ type: 'attribute-ignored' as const, ...labels, oid, ...each })),
        ...foreignRemoved(result, labels),
      ]
      if (drift) {
        const { count: paths, paths: firstPaths } = drift
        events.push({ type: 'drift-repaired', ...published, paths, firstPaths })
        if (oid === previousOid) return events
      }
      const counts = { phases, filesWritten, filesDeleted }
      return [...events, { type: 'sync-published', ...published, previousOid, ...counts }]
    },
  }
}

/**
 * What follows where what is in place was looked at after a fault, which is the one that is told:
 * the publication was completed, or another commit is in place, or it is not known which.
 */
export const afterFindingAgain: OutcomeRule<'found-again'> = (
  { desired, observed },
  { target, found },
  { clock },
) => {
  const { commit, drift } = found
  const { commit: previousOid } = observed
  const schedule = commit === undefined ? {} : { tidyAt: clock.now() }
  if (commit !== undefined && commit === target.commit && !drift) {
    return {
      observed: inPlaceNow(target, commit, clock),
      desired: { target: peeled(desired, target, commit) },
      schedule,
      events: (labels) => [
        ...foreignRemoved(found, labels),
        { type: 'sync-published', ...labels, oid: commit, previousOid, ...NOT_COUNTED },
      ],
    }
  }
  const told = (labels: EntryLabels): SyncEvent[] => {
    if (commit === previousOid) return []
    return commit === undefined
      ? [{ type: 'content-unknown', ...labels }]
      : [{ type: 'content-found', ...labels, oid: commit }]
  }
  return {
    observed: { ...placed(observed, found), drift },
    schedule,
    events: (labels) => [...foreignRemoved(found, labels), ...told(labels)],
  }
}

/** `commit` is in place now, which `want` led to, whatever went wrong on the way. */
function inPlaceNow({ want }: ResolvedRevision, commit: Oid, clock: Clock): Partial<Observed> {
  return {
    commit,
    want,
    drift: undefined,
    hasContent: true,
    isFromThisRemote: true,
    isAsLabelled: true,
    lastPublishedAt: clock.wallTime(),
  }
}

/** What the remote names, with the commit that it was found to lead to. */
function peeled(
  { target }: Desired,
  { want }: ResolvedRevision,
  commit: Oid,
): ResolvedRevision | undefined {
  return target?.want === want ? { ...target, commit } : target
}
