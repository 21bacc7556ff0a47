// What follows where what is in place was looked at, at the start and from time to time.
import type { Drift, Inspection } from '../../publish/drift/inspection.js'
import type { SyncContext } from '../context.js'
import type { EntryEvent } from '../events.js'
import { POLLING } from './due.js'
import type { OutcomeRule } from './outcome.js'
import { type Observed, type Schedule, SUCCEEDED } from './records.js'

/** In so many looks for drift, or within a day, all content is hashed once. */
export const MOST_PASSES = 24

/** Nothing is left of what was published. */
const ALL: Drift = { count: 1, paths: ['.'], missing: undefined }

/** What follows where it is known now what is in place: the first poll. */
export const afterInspection: OutcomeRule<'inspected'> = (
  { desired, observed },
  { found },
  context,
) => {
  const { commit, drift, history, selection, signature, summary } = found
  const hasContent = observed.hasContent || (commit !== undefined && drift === undefined)
  const now = context.clock.now()
  return {
    observed: {
      isInspected: true,
      commit,
      summary,
      signature,
      selection,
      history,
      drift,
      want: undefined,
      hasContent,
    },
    desired: { stalled: undefined },
    schedule: {
      // All that can have failed so far is an earlier inspection.
      ...SUCCEEDED,
      ...(desired.entry.suspend ? POLLING : { isWanted: true, dueAt: now }),
      // What an earlier run left beside it is removed, too.
      ...(commit === undefined ? {} : { tidyAt: now }),
      ...firstVerification(context),
    },
    events: [
      ...foreignRemoved(found),
      ...(commit !== undefined && observed.isAsLabelled
        ? [{ type: 'content-found' as const, oid: commit }]
        : []),
    ],
  }
}

/** What follows where what is in place was looked at again. */
export const afterVerification: OutcomeRule<'verified'> = ({ observed }, { found }) => {
  const { commit } = found
  const drift = commit === undefined ? ALL : found.drift
  return {
    observed: { ...placed(observed, found), drift },
    events: [
      ...(commit === undefined ? [{ type: 'content-unknown' as const }] : []),
      ...foreignRemoved(found),
    ],
  }
}

/** A commit that was found in place; what was asked for to publish another is not known. */
export function placed(
  { commit: before, want }: Observed,
  { commit, history, selection, signature, summary }: Inspection,
): Partial<Observed> {
  const isSame = commit === before
  return { commit, summary, signature, selection, history, want: isSame ? want : undefined }
}

/** Tells what was removed that this service had not written, if anything was. */
export function foreignRemoved({ foreign }: Pick<Inspection, 'foreign'>): EntryEvent[] {
  if (!foreign) return []
  return [{ type: 'foreign-removed', files: foreign.count, firstPaths: foreign.paths }]
}

/** Entries that start together are not all looked at together for ever. */
function firstVerification({ cadence, clock, verifyIntervalMs }: SyncContext): Partial<Schedule> {
  if (verifyIntervalMs === 0) return {}
  const at = clock.now() + verifyIntervalMs * cadence.random()
  return { verification: { at, pass: Math.floor(MOST_PASSES * cadence.random()) } }
}
