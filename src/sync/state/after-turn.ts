// What follows where it is found out whose turn it is to work on an entry. That another
// instance does is told once when the waiting begins, and once when it is over.
import { pollAt } from './after-poll.js'
import type { OutcomeRule } from './outcome.js'

/** What follows where it is this instance's turn. */
export const afterClaim: OutcomeRule<'claimed'> = ({ observed }, { lease }, { clock }) => {
  const { waiting } = observed
  const mountPoint = lease?.mountPoint ?? observed.mountPoint
  return {
    observed: { lease, mountPoint, waiting: undefined },
    schedule: { turnAt: undefined },
    events(labels) {
      if (!waiting) return []
      const waitedMs = clock.now() - waiting.since
      return [{ type: 'lease-taken', ...labels, holder: waiting.holder, waitedMs }]
    },
  }
}

/** What follows where it is another instance's turn. */
export const afterWaiting: OutcomeRule<'waiting'> = ({ observed }, outcome, { clock }) => {
  const { holder, isDead, againInMs, error } = outcome
  const now = clock.now()
  const since = observed.waiting?.since ?? now
  const isTold = observed.waiting !== undefined || isDead
  return {
    // What is in place is found out anew, once it is this one's turn.
    observed: { isInspected: false, lease: undefined, waiting: { holder, isDead, since, error } },
    schedule: { turnAt: now + againInMs },
    events: (labels) => (isTold ? [] : [{ type: 'lease-awaited', ...labels, holder }]),
  }
}

/** What follows where another instance was waited for all the time there is. */
export const afterGivingUp: OutcomeRule<'given-up'> = (
  { observed, schedule },
  _,
  { syncTimeoutMs },
) => {
  if (!observed.waiting) return {}
  const { error } = observed.waiting
  const failures = schedule.failures + 1
  const failure = { error, durationMs: syncTimeoutMs, retryInMs: undefined, attempt: failures }
  return {
    schedule: { failures, error, ...pollAt(schedule, undefined) },
    events: (labels) => [{ type: 'poll-failed', ...labels, ...failure }],
  }
}
