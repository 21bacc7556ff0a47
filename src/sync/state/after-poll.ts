// What follows where the remote says what it has, and when an entry is polled: a poll that
// somebody wants at once is put off by nothing.
import { spread } from '../../schedule/cadence.js'
import type { OutcomeRule } from './outcome.js'
import type { EntryRecords, Schedule } from './records.js'

/** What follows where the remote has what an entry follows: its next poll, and maybe a sync. */
export const afterPoll: OutcomeRule<'polled'> = (
  { desired, observed, schedule },
  outcome,
  { clock },
) => {
  const { at, cadence, durationMs, target } = outcome
  const { commit, want } = observed
  // Where a user gives the oid of an annotated tag, only publishing tells its commit.
  const isSame = commit !== undefined && target.want === want
  const found = isSame ? { ...target, commit } : target
  const nextAt = at + Math.round(desired.entry.intervalMs * spread(cadence))
  const next = pollAt(schedule, nextAt)
  const lastPolledAt = clock.wallTime()
  const { commit: oid } = found
  if (oid === commit && !observed.drift) {
    return {
      desired: { target: found, stalled: undefined },
      schedule: { failures: 0, error: undefined, lastPolledAt, ...next },
      events: (labels) => [{ type: 'poll-unchanged', ...labels, oid, durationMs }],
    }
  }
  const { stalled } = desired
  const isStalled = target.want === stalled?.want
  return {
    desired: { target: found },
    schedule: { error: isStalled ? stalled.error : schedule.error, lastPolledAt, ...next },
    events: (labels) => [{ type: 'poll-changed', ...labels, oid, durationMs }],
  }
}

/** Until the poll that begins has an outcome, an entry is not polled by itself. */
export const POLLING: Partial<Schedule> = { isWanted: false, dueAt: undefined }

/** An entry is polled at once, or what is in place is looked at; what is suspended is not. */
export function pollNow({ desired, observed }: EntryRecords, now: number): Partial<Schedule> {
  const isLeftAlone = desired.entry.suspend && observed.isInspected
  return isLeftAlone ? {} : { isWanted: true, dueAt: now }
}

/**
 * An entry is polled at `dueAt`, or not by itself. From `joinsAt` on it takes part in polls that
 * are made for others.
 */
export function pollAt(
  { isWanted }: Schedule,
  dueAt: number | undefined,
  joinsAt = Number.POSITIVE_INFINITY,
): Partial<Schedule> {
  return isWanted ? {} : { dueAt, joinsAt }
}
