// What follows from the outcome of a step, computed and not written: what becomes of the records
// of an entry, when it is worked on again, and which events tell of it.
import { spread } from '../../schedule/cadence.js'
import type { SyncContext } from '../context.js'
import { afterAnnouncement, afterHearing, afterMissing } from './after-announcement.js'
import { afterFailure } from './after-failure.js'
import { afterInspection, afterVerification } from './after-inspection.js'
import { afterListing } from './after-listing.js'
import { afterPoll } from './after-poll.js'
import { afterFindingAgain, afterPublication, afterRepair } from './after-publication.js'
import { afterClaim, afterWaiting } from './after-turn.js'
import { POLLING, pollAt, pollNow } from './due.js'
import type { Conclusion, Outcome } from './outcome.js'
import type { EntryRecords } from './records.js'

/** What follows from an outcome. */
export function conclusionOf(
  records: EntryRecords,
  outcome: Outcome,
  context: SyncContext,
): Conclusion {
  const { schedule } = records
  const { cadence, clock, verifyIntervalMs } = context
  switch (outcome.type) {
    case 'added':
    case 'changed':
    case 'adjusted':
      return afterListing(records, outcome, context)
    case 'removed':
      return {
        desired: { listing: outcome.isPruned ? 'pruned' : 'removed' },
        events: [{ type: 'entry-removed' }],
      }
    case 'retired':
      return { desired: { listing: 'retired' } }
    case 'claimed':
      return afterClaim(records, outcome, context)
    case 'waiting':
      return afterWaiting(records, outcome, context)
    case 'lease-lost':
      return {
        observed: { isInspected: false, lease: undefined },
        events: [{ type: 'lease-lost' }],
      }
    case 'inspected':
      return afterInspection(records, outcome, context)
    case 'verifying': {
      if (verifyIntervalMs === 0) return { schedule: { verification: undefined } }
      const at = clock.now() + verifyIntervalMs * spread(cadence)
      return { schedule: { verification: { at, pass: (schedule.verification?.pass ?? 0) + 1 } } }
    }
    case 'verified':
      return afterVerification(records, outcome, context)
    case 'verification-wanted': {
      const { pass = 0 } = schedule.verification ?? {}
      return { schedule: { verification: { at: clock.now(), pass } } }
    }
    case 'tidying-wanted':
      return { schedule: { tidyAt: clock.now() } }
    case 'poll-wanted':
      return { desired: { stalled: undefined }, schedule: pollNow(records, clock.now()) }
    case 'announced':
      return afterAnnouncement(records, outcome, context)
    case 'webhook-heard':
      return afterHearing(records, outcome, context)
    case 'webhook-missed':
      return afterMissing(records, outcome, context)
    case 'polling':
      return { schedule: POLLING }
    case 'polled':
      return afterPoll(records, outcome, context)
    case 'resting': {
      // Nothing is put off that is not to be polled.
      const { dueAt, joinsAt } = schedule
      const { timeMs } = outcome
      return dueAt === undefined
        ? {}
        : { schedule: pollAt(schedule, Math.max(dueAt, timeMs), Math.max(joinsAt, timeMs)) }
    }
    case 'syncing': {
      const { progress, wanted } = outcome
      const announced = schedule.announced && { ...schedule.announced, isFetched: true }
      return { schedule: { syncing: { wanted, progress }, announced } }
    }
    case 'keys-read': {
      const { keysStatus } = outcome
      return { schedule: { syncing: schedule.syncing && { ...schedule.syncing, keysStatus } } }
    }
    case 'keys-changed':
      return { desired: { stalled: undefined } }
    case 'unconfirmed':
      return {}
    case 'published':
      return afterPublication(records, outcome, context)
    case 'repaired':
      return afterRepair(records, outcome, context)
    case 'found-again':
      return afterFindingAgain(records, outcome, context)
    case 'sync-ended':
      return { schedule: { syncing: undefined } }
    case 'tidied': {
      const { againInMs } = outcome
      return { schedule: { tidyAt: againInMs === undefined ? undefined : clock.now() + againInMs } }
    }
    case 'unpublished':
      return { observed: { hasContent: false } }
    case 'failed':
      return afterFailure(records, outcome, context)
  }
}
