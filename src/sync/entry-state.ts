// What is known of one entry while the service runs: what its remote names, what is in
// place, what went wrong, and when it is looked at again.
import type { SyncError } from '../base/errors.js'
import type { Oid } from '../git/oid.js'
import { refOf } from '../git/revision.js'
import type { Entry } from '../listing/entry.js'
import type { EntryLabels } from './events.js'
import type { Desired } from './resolve-revision.js'
import type { EntryStatus, EntryState as State } from './status.js'

export class EntryState {
  entry: Entry
  /** Whether it left the listing; then what was published is all that is still cared for. */
  isRemoved = false
  /** Whether it is known what is in place. */
  isInspected = false
  isSyncing = false
  /** Whether what an earlier publication left is to be removed. */
  needsTidying = false
  /** What the remote named last. */
  desired: Desired | undefined
  /** The commit in place. */
  published: Oid | undefined
  /** Whether the commit in place is likely one that the remote knows. */
  isFromThisRemote = true
  /** Whether there is content in place, of whatever commit. */
  hasContent = false
  /** What could not be published, and will not be tried again until the remote names another. */
  stalled: Oid | undefined
  failures = 0
  error: SyncError | undefined
  /** When it is to be polled, milliseconds since the epoch; undefined: not by itself. */
  dueAt: number | undefined
  lastPolledAt: number | undefined
  lastPublishedAt: number | undefined

  constructor(entry: Entry) {
    this.entry = entry
  }

  /** Takes over what the listing says now; what is in place is found out anew. */
  change(entry: Entry): void {
    this.isFromThisRemote = entry.remote.url === this.entry.remote.url
    this.entry = entry
    this.isRemoved = false
    this.isInspected = false
    this.desired = undefined
    this.stalled = undefined
    this.failures = 0
    this.error = undefined
    this.dueAt = undefined
  }

  /** It is known now that `commit` is in place, or nothing that could be trusted. */
  inspected(commit: Oid | undefined, now: number): void {
    this.isInspected = true
    this.published = commit
    this.hasContent ||= commit !== undefined
    this.dueAt = this.entry.suspend ? undefined : now
  }

  /** Wants a poll at `timeMs`, unless an earlier one is wanted already. */
  pollAgainAt(timeMs: number): void {
    this.dueAt = Math.min(timeMs, this.dueAt ?? timeMs)
  }

  /** The directory equals what the remote names. */
  succeeded(): void {
    this.failures = 0
    this.error = undefined
    this.stalled = undefined
  }

  failed(error: SyncError): void {
    this.failures++
    this.error = error
  }

  /** Whether it takes part in a poll at `now`, which may be early by the share of the jitter. */
  isDue(now: number, jitter: number): boolean {
    if (this.dueAt === undefined || this.isRemoved) return false
    // An early look would undo a back-off.
    const slackMs = this.failures > 0 ? 0 : this.entry.intervalMs * jitter
    return this.dueAt - slackMs <= now
  }

  get needsSync(): boolean {
    const { desired } = this
    return (
      desired !== undefined && desired.commit !== this.published && desired.want !== this.stalled
    )
  }

  get labels(): EntryLabels {
    const { path: entry, repo, revision } = this.entry
    return { entry, repo, ref: this.desired?.ref ?? refOf(revision) }
  }

  status(): EntryStatus {
    const { entry, repo, ref } = this.labels
    return {
      path: entry,
      repo,
      ref,
      oid: this.published ?? null,
      state: this.#state(),
      lastPolled: toIso(this.lastPolledAt),
      lastPublished: toIso(this.lastPublishedAt),
      nextPoll: toIso(this.dueAt),
      consecutiveFailures: this.failures,
      error: this.error ? { code: this.error.code, message: this.error.message } : null,
      required: this.entry.required,
    }
  }

  #state(): State {
    if (this.entry.suspend) return 'suspended'
    if (this.isSyncing) return 'syncing'
    if (this.error) return this.error.disposition === 'stall' ? 'stalled' : 'failing'
    return this.desired && this.desired.commit === this.published ? 'synced' : 'pending'
  }
}

function toIso(timeMs: number | undefined): string | null {
  return timeMs === undefined ? null : new Date(timeMs).toISOString()
}
