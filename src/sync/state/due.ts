// When an entry is polled: a poll that somebody wants at once is put off by nothing.
import type { Entry } from '../../listing/entry.js'
import type { Cadence } from '../../schedule/cadence.js'
import type { SyncContext } from '../context.js'
import type { EntryRecords, Schedule } from './records.js'

/** The time between two polls of an entry, in milliseconds: longer where webhooks arrive. */
export function intervalOf(
  { intervalMs }: Entry,
  webhooks: Schedule['webhooks'],
  { webhookPollIntervalMs }: Pick<SyncContext, 'webhookPollIntervalMs'>,
): number {
  return webhooks === 'heard' ? Math.max(intervalMs, webhookPollIntervalMs) : intervalMs
}

/** Whether an entry takes part in a poll at `now`. */
export function isDue({ dueAt, joinsAt }: Schedule, now: number): boolean {
  return dueAt !== undefined && Math.min(dueAt, joinsAt) <= now
}

/** Until the poll that begins has an outcome, an entry is not polled by itself. */
export const POLLING: Partial<Schedule> = {
  isWanted: false,
  dueAt: undefined,
  joinsAt: Number.POSITIVE_INFINITY,
}

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

/**
 * From when on an entry that was polled at `at`, and is due again at `dueAt`, joins polls of others:
 * earlier by at most the share of the jitter, and never before the shortest interval is over.
 */
export function joinsBefore(
  dueAt: number,
  at: number,
  intervalMs: number,
  { jitter }: Cadence,
): number {
  return Math.max(at + intervalMs * (1 - jitter), dueAt - intervalMs * jitter)
}
