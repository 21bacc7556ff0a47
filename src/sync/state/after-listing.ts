// What follows where the listing says something else of an entry.
import { isDeepStrictEqual } from 'node:util'
import type { Entry } from '../../listing/entry.js'
import type { EntryLabels, SyncEvent } from '../events.js'
import { POLLING, pollNow } from './after-poll.js'
import type { Conclusion, OutcomeRule } from './outcome.js'
import { type EntryRecords, labelsOf } from './records.js'

/** What follows where an entry is listed, again, or otherwise than before. */
export const afterListing: OutcomeRule<'added' | 'changed' | 'adjusted'> = (
  records,
  { type, entry },
  { clock },
) => {
  const before = records.desired.entry
  const isRenamed = before.path !== entry.path || before.repo !== entry.repo
  const oldLabels = labelsOf(records)
  const events = (labels: EntryLabels): SyncEvent[] => {
    if (type === 'added') return [{ type: 'entry-added', ...labels }]
    if (isRenamed) {
      return [
        { type: 'entry-removed', ...oldLabels },
        { type: 'entry-added', ...labels },
      ]
    }
    return type === 'changed' ? [{ type: 'entry-changed', ...labels }] : []
  }
  return type === 'adjusted'
    ? { desired: { entry }, schedule: pollNow(records, clock.now()), events }
    : { ...startOver(records, entry), events }
}

/** What is in place is found out anew, and what went wrong before counts no more. */
function startOver({ desired, observed }: EntryRecords, entry: Entry): Conclusion {
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
    desired: { entry, listing: 'listed', target: undefined, stalled: undefined },
    schedule: { ...POLLING, failures: 0, error: undefined, tidyAt: undefined },
  }
}
