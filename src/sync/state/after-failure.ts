// What follows where a step failed: whether it counts, when it is tried again, and how that is
// told. Nothing is tried again on the spot.
import { retryDelayMs } from '../../schedule/retry-delay.js'
import type { EntryEvent } from '../events.js'
import { isJustAnnounced, mayTrail, TRAILING_RETRY_MS } from './after-announcement.js'
import { joinsBefore, pollAt } from './due.js'
import type { Conclusion, OutcomeRule } from './outcome.js'

/** However short the interval, tidying that failed is not tried again sooner. */
const SHORTEST_TIDY_RETRY_MS = 60_000

/** What follows where a step failed. */
export const afterFailure: OutcomeRule<'failed'> = (records, failed, context) => {
  const { at, error } = failed
  const events: EntryEvent[] = [{ type: 'tidy-failed', error }]
  const { intervalMs } = records.desired.entry
  switch (failed.step) {
    // These two hold up nothing, and do not count.
    case 'verification':
      return { events: [{ type: 'verify-failed', error }] }
    case 'tidying':
      return {
        schedule: { tidyAt: at + Math.max(intervalMs, SHORTEST_TIDY_RETRY_MS) },
        events,
      }
    case 'removal': {
      const failures = records.schedule.failures + 1
      const retryInMs = retryDelayMs(error, failures, intervalMs, context.cadence)
      return { schedule: { failures, error, turnAt: at + retryInMs }, events }
    }
    case 'sync':
      return afterFailedSync(records, failed, context)
    default:
      return afterFailedPoll(records, failed, context)
  }
}

/** What the remote names could not be fetched, or not be published. */
const afterFailedSync: OutcomeRule<'failed'> = (
  { desired, observed, schedule },
  failed,
  context,
) => {
  const { at, durationMs, error } = failed
  const { drift } = observed
  const syncing = schedule.syncing?.wanted
  const failures = schedule.failures + 1
  const isEarly = error.code === 'commit-not-found' && isJustAnnounced(desired, at)
  const plainMs = retryDelayMs(error, failures, desired.entry.intervalMs, context.cadence)
  const delayMs = isEarly ? Math.min(plainMs, TRAILING_RETRY_MS) : plainMs
  const dueAt = at + delayMs
  // Polls go on after a stall: the remote may name another revision. What repairs leaves it as it is.
  const isRepair = syncing !== undefined && syncing.want === desired.stalled?.want
  const mayStall = context.cadence.retryMs === undefined && !isRepair
  const retryInMs = mayStall && error.disposition === 'stall' ? undefined : delayMs
  // An early poll would undo a back-off.
  const joinsAt =
    error.disposition === 'wait'
      ? joinsBefore(dueAt, at, desired.entry.intervalMs, context.cadence)
      : dueAt
  const keysStatus = error.code === 'signature-refused' ? schedule.syncing?.keysStatus : undefined
  const next: Conclusion =
    retryInMs === undefined
      ? { desired: { stalled: syncing && { want: syncing.want, error, keysStatus } } }
      : { schedule: pollAt(schedule, dueAt, joinsAt) }
  const told = { oid: syncing?.commit, error, durationMs, retryInMs, attempt: failures }
  const events: EntryEvent[] = [{ type: 'sync-failed', ...told }]
  if (drift && failures === 1) {
    events.unshift({ type: 'drift-remains', paths: drift.count, firstPaths: drift.paths })
  }
  return { ...next, schedule: { ...next.schedule, failures, error }, events }
}

/** A look at the remote, at what is in place, or at whose turn it is, failed. */
const afterFailedPoll: OutcomeRule<'failed'> = ({ desired, schedule }, failed, context) => {
  const { at, cadence = context.cadence, durationMs, error, step } = failed
  const { intervalMs } = desired.entry
  const failures = schedule.failures + 1
  const isResolution = step === 'resolution'
  const { announced } = schedule
  const isTrailing = isResolution && mayTrail(announced, [], at)
  const delayMs = failed.retryInMs ?? retryDelayMs(error, failures, intervalMs, cadence)
  const retryInMs = isTrailing ? Math.min(delayMs, TRAILING_RETRY_MS) : delayMs
  const told = { error, durationMs, retryInMs, attempt: failures }
  const events: EntryEvent[] = [{ type: 'poll-failed', ...told }]
  if (step === 'turn') {
    // Asked again by itself: a poll would not bring back what is suspended, or left the listing.
    const turnAt = at + (desired.listing === 'listed' ? retryInMs : intervalMs)
    return { schedule: { failures, error, turnAt }, events }
  }
  // A ref that is missing costs no request of its own while others are asked for.
  const joinsAt = isResolution ? at + intervalMs * (1 - cadence.jitter) : undefined
  return {
    schedule: {
      failures,
      error,
      ...pollAt(schedule, at + retryInMs, joinsAt),
      // What was announced since it began is still to be heard of.
      ...(isTrailing || schedule.isWanted ? {} : { announced: undefined }),
      ...(isResolution ? { lastPolledAt: context.clock.wallTime() } : {}),
    },
    events,
  }
}
