// What /status and the probes show of an entry.
import type { Clock } from '../base/clock.js'
import type { EntryState } from './entry-state.js'

export type StateName =
  | 'pending'
  | 'waiting'
  | 'syncing'
  | 'synced'
  | 'failing'
  | 'stalled'
  | 'suspended'

export interface EntryStatus {
  /** The listing's path, as written. */
  path: string
  /** As written, without credentials. */
  repo: string
  ref: string
  /** The commit in place, or null while nothing is published. */
  oid: string | null
  state: StateName
  /** ISO 8601, or null where it never happened. */
  lastPolled: string | null
  lastPublished: string | null
  nextPoll: string | null
  consecutiveFailures: number
  error: { code: string; message: string } | null
  required: boolean
}

/** What there is to show of an entry now. */
export function statusOf(state: EntryState, clock: Clock): EntryStatus {
  const { entry: path, repo, ref } = state.labels
  const { dueAt, waiting } = state
  const error = waiting?.error ?? state.error
  return {
    path,
    repo,
    ref,
    oid: state.published ?? null,
    state: nameOf(state),
    lastPolled: toIso(state.lastPolledAt),
    lastPublished: toIso(state.lastPublishedAt),
    nextPoll: toIso(dueAt === undefined ? undefined : clock.wallTime(dueAt)),
    consecutiveFailures: state.failures,
    error: error ? { code: error.code, message: error.message } : null,
    required: state.entry.required,
  }
}

function nameOf({ entry, error, isSynced, syncing, waiting }: EntryState): StateName {
  if (waiting) return 'waiting'
  if (entry.suspend) return 'suspended'
  if (syncing) return 'syncing'
  if (error) return error.disposition === 'stall' ? 'stalled' : 'failing'
  return isSynced ? 'synced' : 'pending'
}

function toIso(timeMs: number | undefined): string | null {
  return timeMs === undefined ? null : new Date(timeMs).toISOString()
}
