// When an entry is polled: a poll that somebody wants at once is put off by nothing.
import type { EntryRecords, Schedule } from './records.js'

/** Whether it takes part in a poll at `now`, which may be early by the share of the jitter. */
export function isDue({ desired, schedule }: EntryRecords, now: number, jitter: number): boolean {
  const { dueAt, error, joinsAt } = schedule
  if (dueAt === undefined) return false
  // An early look would undo a back-off.
  const slackMs = error?.disposition === 'retry' ? 0 : desired.entry.intervalMs * jitter
  return Math.min(dueAt, joinsAt) - slackMs <= now
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
