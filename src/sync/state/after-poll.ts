// What follows where the remote says what it has.
import { spread } from '../../schedule/cadence.js'
import { joinsBefore, pollAt } from './due.js'
import type { OutcomeRule } from './outcome.js'

/** What follows where the remote has what an entry follows: its next poll, and maybe a sync. */
export const afterPoll: OutcomeRule<'polled'> = (
  { desired, observed, schedule },
  outcome,
  { clock },
) => {
  const { at, cadence, durationMs, wanted } = outcome
  const { commit, want } = observed
  // Where a user gives the oid of an annotated tag, only publishing tells its commit.
  const isSame = commit !== undefined && wanted.want === want
  const found = isSame ? { ...wanted, commit } : wanted
  const nextAt = at + Math.round(desired.entry.intervalMs * spread(cadence))
  const next = pollAt(schedule, nextAt, joinsBefore(nextAt, at, desired.entry, cadence))
  const lastPolledAt = clock.wallTime()
  const { commit: oid } = found
  if (oid === commit && !observed.drift) {
    return {
      desired: { wanted: found, stalled: undefined },
      schedule: { failures: 0, error: undefined, lastPolledAt, ...next },
      events: [{ type: 'poll-unchanged', oid, durationMs }],
    }
  }
  const { stalled } = desired
  const isStalled = wanted.want === stalled?.want
  return {
    desired: { wanted: found },
    schedule: { error: isStalled ? stalled.error : schedule.error, lastPolledAt, ...next },
    events: [{ type: 'poll-changed', oid, durationMs }],
  }
}
