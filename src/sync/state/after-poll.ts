// What follows where the remote says what it has.
import type { Clock } from '../../base/clock.js'
import { spread } from '../../schedule/cadence.js'
import type { Conclusion, OutcomeOf } from './outcome.js'
import { pollAt } from './poll-time.js'
import { type EntryRecords, SUCCEEDED } from './records.js'

/** What follows where the remote has what an entry follows: its next poll, and maybe a sync. */
export function afterPoll(
  { desired, observed, schedule }: EntryRecords,
  { at, cadence, durationMs, target }: OutcomeOf<'polled'>,
  clock: Clock,
): Conclusion {
  const { commit, want } = observed
  // Where a user gives the oid of an annotated tag, only publishing tells its commit.
  const isSame = commit !== undefined && target.want === want
  const found = isSame ? { ...target, commit } : target
  const next = {
    lastPolledAt: clock.wallTime(),
    ...pollAt(schedule, at + Math.round(desired.entry.intervalMs * spread(cadence))),
  }
  const { commit: oid } = found
  if (oid === commit && !observed.drift) {
    return {
      desired: { target: found, stalled: undefined },
      schedule: { ...next, ...SUCCEEDED },
      events: (labels) => [{ type: 'poll-unchanged', ...labels, oid, durationMs }],
    }
  }
  const { stalled } = desired
  const isStalled = target.want === stalled?.want
  return {
    desired: { target: found },
    schedule: { ...next, ...(isStalled ? { error: stalled.error } : {}) },
    events: (labels) => [{ type: 'poll-changed', ...labels, oid, durationMs }],
  }
}
