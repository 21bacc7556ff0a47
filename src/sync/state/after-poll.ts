// What follows where the remote says what it has.
import { spread } from '../../schedule/cadence.js'
import type { Announced } from '../announcement.js'
import { mayTrail, TRAILING_RETRY_MS } from './after-announcement.js'
import { intervalOf, joinsBefore, pollAt } from './due.js'
import type { OutcomeRule } from './outcome.js'
import { isSynced, type Schedule } from './records.js'

/** What follows where the remote has what an entry follows: its next poll, and maybe a sync. */
export const afterPoll: OutcomeRule<'polled'> = (records, outcome, context) => {
  const { desired, observed, schedule } = records
  const { at, cadence, durationMs, wanted } = outcome
  const { commit, want } = observed
  // Where a user gives the oid of an annotated tag, only publishing tells its commit.
  const isSame = commit !== undefined && wanted.want === want
  const found = isSame ? { ...wanted, commit } : wanted
  const { announced } = schedule
  const isNew = wanted.want !== desired.wanted?.want
  // What is new may be newer than what was announced, unless it is known to be older.
  const isTrailing =
    mayTrail(announced, [wanted.want, wanted.commit], at) &&
    (!isNew || announced.replaced !== undefined)
  const isMissed = isNew && desired.wanted !== undefined && !announced
  const webhooks: Schedule['webhooks'] =
    isMissed && schedule.webhooks === 'heard' ? 'missed' : schedule.webhooks
  const intervalMs = intervalOf(desired.entry, webhooks, context)
  const delayMs = Math.round(intervalMs * spread(cadence))
  const nextAt = at + (isTrailing ? Math.min(delayMs, TRAILING_RETRY_MS) : delayMs)
  const next: Partial<Schedule> = {
    ...pollAt(schedule, nextAt, joinsBefore(nextAt, at, intervalMs, cadence)),
    announced: isTrailing ? announced : announcedSince(at - durationMs, schedule),
    webhooks,
    lastPolledAt: context.clock.wallTime(),
  }
  const { commit: oid } = found
  if (isSynced({ desired: { ...desired, wanted: found }, observed })) {
    return {
      desired: { wanted: found, found: undefined, stalled: undefined },
      schedule: { failures: 0, error: undefined, ...next },
      events: [{ type: 'poll-unchanged', oid, durationMs }],
    }
  }
  // Where the end of what succeeds is followed by a whole interval, no poll comes before that end.
  const { cadence: usual, syncTimeoutMs } = context
  const afterSync = usual.retryMs && pollAt(schedule, nextAt + syncTimeoutMs)
  const { stalled } = desired
  const isStalled = wanted.want === stalled?.want
  const since = announced
    ? ({ trigger: 'webhook', at: announced.at } as const)
    : ({ trigger: 'poll', at: at - durationMs } as const)
  return {
    desired: { wanted: found, ...(isNew ? { found: since } : {}) },
    schedule: { error: isStalled ? stalled.error : schedule.error, ...next, ...afterSync },
    events: [{ type: 'poll-changed', oid, durationMs }],
  }
}

/** What was announced since a poll began, of which its answer may be from before that. */
function announcedSince(beganAt: number, { announced, isWanted }: Schedule): Announced | undefined {
  if (!announced || !isWanted) return undefined
  return { ...announced, at: Math.max(announced.at, beganAt), isFetched: false }
}
