// What follows where it is found out whose turn it is to work on an entry. That another
// instance does is told once when the waiting begins, and once when it is over.
import type { OutcomeRule } from './outcome.js'

/** What follows where it is this instance's turn. */
export const afterClaim: OutcomeRule<'claimed'> = ({ observed }, { lease }, { clock }) => {
  const { waiting } = observed
  const mountPoint = lease?.mountPoint ?? observed.mountPoint
  return {
    observed: { lease, mountPoint, waiting: undefined },
    schedule: { turnAt: undefined },
    events: waiting
      ? [{ type: 'lease-taken', holder: waiting.holder, waitedMs: clock.now() - waiting.since }]
      : [],
  }
}

/** What follows where it is another instance's turn. */
export const afterWaiting: OutcomeRule<'waiting'> = ({ observed }, outcome, { clock }) => {
  const { holder, isDead, isOfOtherShard, againInMs, error } = outcome
  const now = clock.now()
  const since = observed.waiting?.since ?? now
  const isTold = observed.waiting !== undefined || isDead
  return {
    // What is in place is found out anew, once it is this one's turn.
    observed: {
      isInspected: false,
      lease: undefined,
      waiting: { holder, isDead, isOfOtherShard, since, error },
    },
    schedule: { turnAt: now + againInMs },
    events: isTold ? [] : [{ type: 'lease-awaited', holder }],
  }
}
