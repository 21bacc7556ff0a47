// What /status and the probes show of an entry.

export type EntryState = 'pending' | 'syncing' | 'synced' | 'failing' | 'stalled' | 'suspended'

export interface EntryStatus {
  /** The listing's path, as written. */
  path: string
  /** As written, without credentials. */
  repo: string
  ref: string
  /** The commit in place, or null while nothing is published. */
  oid: string | null
  state: EntryState
  /** ISO 8601, or null where it never happened. */
  lastPolled: string | null
  lastPublished: string | null
  nextPoll: string | null
  consecutiveFailures: number
  error: { code: string; message: string } | null
  required: boolean
}
