// What follows where the listing says something else of an entry.
import { isDeepStrictEqual } from 'node:util'
import type { Entry } from '../../listing/entry.js'
import type { EntryEvent } from '../events.js'
import { POLLING, pollNow } from './due.js'
import type { Conclusion, OutcomeRule } from './outcome.js'
import { type EntryRecords, labelsOf } from './records.js'

/** What follows where an entry is listed, again, or otherwise than before. */
export const afterListing: OutcomeRule<'added' | 'changed' | 'adjusted'> = (
  records,
  outcome,
  { clock },
) => {
  const { type, entry } = outcome
  const before = records.desired.entry
  // By its path it is known to whoever reads logs and metrics.
  const isRenamed = before.path !== entry.path
  const events: EntryEvent[] = []
  if (type !== 'added' && isRenamed) events.push({ type: 'entry-removed', ...labelsOf(records) })
  if (type === 'added' || isRenamed) events.push({ type: 'entry-added' })
  else if (type === 'changed') events.push({ type: 'entry-changed' })
  return type === 'adjusted'
    ? { desired: { entry }, schedule: pollNow(records, clock.now()), events }
    : {
        ...startOver(records, entry, type === 'added' ? outcome.isLate : records.desired.isLate),
        events,
      }
}

/** What is in place is found out anew, and what went wrong before counts no more. */
function startOver({ desired, observed }: EntryRecords, entry: Entry, isLate: boolean): Conclusion {
  const { remote, revision } = desired.entry
  const isFromThisRemote = observed.isFromThisRemote && entry.remote.url === remote.url
  const isSameRevision = isDeepStrictEqual(entry.revision, revision)
  return {
    observed: {
      isInspected: false,
      isFromThisRemote,
      isAsLabelled: observed.isAsLabelled && isFromThisRemote && isSameRevision,
      ignored: new Set(),
      mountPoint: undefined,
    },
    desired: {
      entry,
      listing: 'listed',
      isLate,
      wanted: undefined,
      found: undefined,
      stalled: undefined,
    },
    schedule: {
      ...POLLING,
      failures: 0,
      error: undefined,
      tidyAt: undefined,
      announced: undefined,
    },
  }
}
