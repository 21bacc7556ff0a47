// What follows where a push is announced: a poll at once, and rarer polls by the interval as long
// as every change is announced.
import type { Oid } from '../../git/oid.js'
import { type Announced, type Announcement, trails } from '../announcement.js'
import { pollAt, pollNow } from './due.js'
import type { OutcomeRule } from './outcome.js'
import type { Desired } from './records.js'

/** How long a remote may trail what was announced, in milliseconds. */
const TRAILS_MS = 30_000

/** How soon a remote is asked again that trails what was announced, in milliseconds. */
export const TRAILING_RETRY_MS = 2_000

/** Of so many pushes in a row, it is known what each replaced. */
const MOST_REPLACED = 16

/** Whether what a remote names at `now`, the oids in `named`, may be what a push replaces. */
export function mayTrail(
  announced: Announced | undefined,
  named: readonly Oid[],
  now: number,
): announced is Announced {
  return announced !== undefined && now < announced.until && trails(announced, named)
}

/** Whether what the remote names was announced so shortly before `now` that it may not give it yet. */
export function isJustAnnounced({ found }: Desired, now: number): boolean {
  return found?.trigger === 'webhook' && now < found.at + TRAILS_MS
}

/** What follows where an entry may show something else now. */
export const afterAnnouncement: OutcomeRule<'announced'> = (records, outcome, context) => {
  const { error, announced: earlier } = records.schedule
  const { announcement } = outcome
  const now = context.clock.now()
  const announced: Announced = {
    ...newest(announcement, earlier),
    at: earlier?.at ?? now,
    until: now + TRAILS_MS,
    // However many are announced, one is fetched beside a poll.
    isFetched: earlier?.isFetched ?? false,
  }
  // A poll that is due before is not put off.
  const { dueAt = outcome.pollAt } = records.schedule
  // A remote that asks for fewer requests is asked when it said.
  const isLeftAlone = error?.retryAfterMs !== undefined
  return {
    schedule: {
      ...(isLeftAlone ? {} : pollNow(records, Math.min(dueAt, outcome.pollAt))),
      announced,
      webhooks: 'heard',
    },
  }
}

/**
 * What was pushed last, and what the remote may name still: where one push follows another, also
 * what that had replaced. They may come in another order than they were made in.
 */
function newest(
  { before, oid }: Announcement,
  earlier: Announced | undefined,
): Pick<Announced, 'oid' | 'replaced'> {
  if (before === undefined) return { oid, replaced: undefined }
  const { oid: last, replaced } = earlier ?? {}
  if (last === before) {
    return { oid, replaced: replaced && [...replaced, before].slice(-MOST_REPLACED) }
  }
  if (oid !== undefined && replaced?.includes(oid)) {
    return { oid: last, replaced: [before, ...replaced].slice(-MOST_REPLACED) }
  }
  return { oid, replaced: [before] }
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
