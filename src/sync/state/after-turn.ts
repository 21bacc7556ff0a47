// What follows where it is found out whose turn it is to work on an entry. That another
// instance does is told once when the waiting begins, and once when it is over.
import type { Clock } from '../../base/clock.js'
import type { Conclusion, OutcomeOf } from './outcome.js'
import type { EntryRecords } from './records.js'

/** What follows where it is this instance's turn. */
export function afterClaim(
  { observed }: EntryRecords,
  { lease }: OutcomeOf<'claimed'>,
  clock: Clock,
): Conclusion {
  const { waiting } = observed
  const mountPoint = lease?.mountPoint ?? observed.mountPoint
  const conclusion = {
    observed: { lease, mountPoint, waiting: undefined },
    schedule: { turnAt: undefined },
  }
  if (!waiting) return conclusion
  const { holder, since } = waiting
  const waitedMs = clock.now() - since
  return {
    ...conclusion,
    events: (labels) => [{ type: 'lease-taken', ...labels, holder, waitedMs }],
  }
}

/** What follows where it is another instance's turn. */
export function afterWaiting(
  { observed }: EntryRecords,
  { holder, isDead, againInMs, error }: OutcomeOf<'waiting'>,
  clock: Clock,
): Conclusion {
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
