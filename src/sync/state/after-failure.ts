// What follows where a step failed: whether it counts, when it is tried again, and how that is
// told. Nothing is tried again on the spot.
import type { Drift } from '../../publish/snapshot/inspection.js'
import { retryDelayMs, spread } from '../../schedule/cadence.js'
import type { SyncContext } from '../context.js'
import type { EntryLabels, SyncEvent } from '../events.js'
import type { Conclusion, Failed } from './outcome.js'
import { pollAt } from './poll-time.js'
import type { EntryRecords, Schedule } from './records.js'

/** However short the interval, tidying that failed is not tried again sooner. */
const SHORTEST_TIDY_RETRY_MS = 60_000

/** What follows where a step failed. */
export function afterFailure(
  records: EntryRecords,
  failed: Failed,
  context: SyncContext,
): Conclusion {
  const { at, durationMs, error } = failed
  const { desired, observed, schedule } = records
  const tidyFailed = (labels: EntryLabels): SyncEvent[] => [
    { type: 'tidy-failed', ...labels, error },
  ]
  // The next two hold up nothing, and do not count.
  if (failed.step === 'verification') {
    return { events: (labels) => [{ type: 'verify-failed', ...labels, error }] }
  }
  if (failed.step === 'tidying') {
    const tidyAt = at + Math.max(desired.entry.intervalMs, SHORTEST_TIDY_RETRY_MS)
    return { schedule: { tidyAt }, events: tidyFailed }
  }
  const attempt = schedule.failures + 1
  const retryInMs = retryIn(records, failed, context)
  const retryAt = retryInMs === undefined ? undefined : at + retryInMs
  const counted = { failures: attempt, error }
  const failure = { error, durationMs, retryInMs, attempt }
  switch (failed.step) {
    case 'removal':
      return { schedule: { ...counted, turnAt: retryAt }, events: tidyFailed }
    case 'sync': {
      const { syncing } = schedule
      const { drift } = observed
      // Polls go on after a stall: the remote may name another revision.
      const isStalled = error.disposition === 'stall'
      return {
        desired: isStalled ? { stalled: syncing && { want: syncing.want, error } } : {},
        schedule: { ...counted, ...(isStalled ? {} : pollAt(schedule, retryAt)) },
        events: (labels) => [
          ...(drift && attempt === 1 ? [driftRemains(drift, labels)] : []),
          { type: 'sync-failed', ...labels, oid: syncing?.commit, ...failure },
        ],
      }
    }
    default:
      return {
        schedule: { ...counted, ...nextPoll(records, failed, retryAt, context) },
        events: (labels) => [{ type: 'poll-failed', ...labels, ...failure }],
      }
  }
}

/** Milliseconds until the next attempt; undefined where only a change helps. */
function retryIn(
  { desired, schedule }: EntryRecords,
  { cadence, error, retryInMs, step }: Failed,
  context: SyncContext,
): number | undefined {
  if (step === 'poll') return retryInMs
  if (step === 'wait') return undefined
  const attempt = schedule.failures + 1
  const { intervalMs } = desired.entry
  const delayMs = retryDelayMs(error, attempt, intervalMs, cadence ?? context.cadence)
  return step === 'sync' && error.disposition === 'stall' ? undefined : delayMs
}

/** When an entry is polled next after a failure at `retryAt`, and what else the step decides. */
function nextPoll(
  { desired, schedule }: EntryRecords,
  { at, cadence, step }: Failed,
  retryAt: number | undefined,
  context: SyncContext,
): Partial<Schedule> {
  const { intervalMs } = desired.entry
  switch (step) {
    case 'resolution': {
      // A ref that is missing costs no request of its own while others are asked for.
      const joinsAt = at + Math.round(intervalMs * spread(cadence ?? context.cadence))
      const lastPolledAt = context.clock.wallTime()
      return { lastPolledAt, ...pollAt(schedule, retryAt, joinsAt) }
    }
    case 'turn': {
      // The last work on what left the listing is not a poll's to bring back.
      const turnAt = desired.listing === 'listed' ? undefined : at + intervalMs
      return { turnAt, ...pollAt(schedule, retryAt) }
    }
    default:
      return pollAt(schedule, retryAt)
  }
}

function driftRemains({ count: paths, paths: firstPaths }: Drift, labels: EntryLabels): SyncEvent {
  return { type: 'drift-remains', ...labels, paths, firstPaths }
}
