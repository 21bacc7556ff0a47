// What follows where a push is announced: a poll at once, and rarer polls by the interval as long
// as every change is announced.
import type { Oid } from '../../git/oid.js'
import { type Announced, trails } from '../announcement.js'
import { pollAt, pollNow } from './due.js'
import type { OutcomeRule } from './outcome.js'

/** How long a remote may trail what was announced, in milliseconds. */
const TRAILS_MS = 30_000

/** How soon a remote is asked again that trails what was announced, in milliseconds. */
export const TRAILING_RETRY_MS = 2_000

/** Whether what a remote names at `now`, the oids in `named`, may be what a push replaces. */
export function mayTrail(
  announced: Announced | undefined,
  named: readonly Oid[],
  now: number,
): announced is Announced {
  return announced !== undefined && now < announced.until && trails(announced, named)
}

/** What follows where an entry may show something else now. */
export const afterAnnouncement: OutcomeRule<'announced'> = (records, { announcement }, context) => {
  const { error, announced: earlier } = records.schedule
  const { oid, before } = announcement
  const now = context.clock.now()
  const announced = { oid, before, at: earlier?.at ?? now, until: now + TRAILS_MS }
  // A remote that asks for fewer requests is asked when it said.
  const isLeftAlone = error?.retryAfterMs !== undefined
  return {
    schedule: {
      ...(isLeftAlone ? {} : pollNow(records, now)),
      announced,
      webhooks: 'heard',
    },
  }
}

/** What follows where webhooks of the remote arrive, though none for this entry. */
export const afterHearing: OutcomeRule<'webhook-heard'> = ({ schedule }) =>
  schedule.webhooks === 'none' ? { schedule: { webhooks: 'heard' } } : {}

/** What follows where a webhook of the remote did not arrive: its interval is the entry's again. */
export const afterMissing: OutcomeRule<'webhook-missed'> = (
  { desired, schedule },
  _outcome,
  { clock },
) => {
  if (schedule.webhooks !== 'heard') return {}
  const { dueAt, joinsAt } = schedule
  const latest = clock.now() + desired.entry.intervalMs
  const next = dueAt === undefined ? {} : pollAt(schedule, Math.min(dueAt, latest), joinsAt)
  return { schedule: { webhooks: 'none', ...next } }
}
