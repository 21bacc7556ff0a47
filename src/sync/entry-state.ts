// What is known of one entry while the service runs: what its remote names, what is in
// place, what went wrong, and when it is looked at again.
import type { SyncError } from '../base/errors.js'
import type { Oid } from '../git/oid.js'
import { refOf } from '../git/revision.js'
import type { Entry } from '../listing/entry.js'
import type { EntryLabels } from './events.js'
import type { Desired } from './resolve-revision.js'

export class EntryState {
  entry: Entry
  /** Whether it left the listing; then what was published is all that is still cared for. */
  isRemoved = false
  /** Whether it is known what is in place. */
  isInspected = false
  /** What is being fetched and published now. */
  syncing: Desired | undefined
  /** When what an earlier publication left is to be removed; undefined: nothing is known of any. */
  tidyAt: number | undefined
  /** What the remote named last. */
  desired: Desired | undefined
  /** The commit in place. */
  published: Oid | undefined
  /** What was asked for to publish it. */
  publishedFrom: Oid | undefined
  /** Whether the commit in place is likely one that the remote knows. */
  isFromThisRemote = true
  /** Whether there is content in place, of whatever commit. */
  hasContent = false
  /** What could not be published, and will not be tried again until the remote names another. */
  stalled: { want: Oid; error: SyncError } | undefined
  failures = 0
  error: SyncError | undefined
  /** When it is to be polled, milliseconds since the epoch; undefined: not by itself. */
  dueAt: number | undefined
  lastPolledAt: number | undefined
  lastPublishedAt: number | undefined

  /** Whether somebody wants a poll at once; no schedule postpones it then. */
  #isWanted = false

  constructor(entry: Entry) {
    this.entry = entry
  }

  /** Takes over what the listing says now; what is in place is found out anew. */
  change(entry: Entry): void {
    this.isFromThisRemote &&= entry.remote.url === this.entry.remote.url
    this.entry = entry
    this.isRemoved = false
    this.isInspected = false
    this.desired = undefined
    this.stalled = undefined
    this.failures = 0
    this.error = undefined
    this.tidyAt = undefined
    this.beginPoll()
  }

  /** It is known now that `commit` is in place, or nothing that could be trusted. */
  inspected(commit: Oid | undefined, now: number): void {
    this.isInspected = true
    this.published = commit
    this.publishedFrom = undefined
    this.hasContent ||= commit !== undefined
    // All that can have failed so far is an earlier inspection.
    this.succeeded()
    this.beginPoll()
    this.pollNow(now)
  }

  /** Wants a poll at once, or a look at what is in place. */
  pollNow(now: number): void {
    if (this.entry.suspend && this.isInspected) return
    this.#isWanted = true
    this.dueAt = now
  }

  /** Is polled at `timeMs`, or not by itself; a poll that is wanted before is not put off. */
  pollAt(timeMs: number | undefined): void {
    if (!this.#isWanted) this.dueAt = timeMs
  }

  /** From here on, a poll that is wanted is another one. */
  beginPoll(): void {
    this.#isWanted = false
    this.dueAt = undefined
  }

  /** The remote names `desired` now; returns it with the commit that it leads to. */
  found(desired: Desired): Desired {
    const { published, publishedFrom, stalled } = this
    // Where a user gives the oid of an annotated tag, only publishing tells its commit.
    const isSame = published !== undefined && desired.want === publishedFrom
    this.desired = isSame ? { ...desired, commit: published } : desired
    if (this.desired.commit === published) this.succeeded()
    else if (desired.want === stalled?.want) this.error = stalled.error
    return this.desired
  }

  /** `want` was published, as `commit`. */
  hasPublished(want: Oid, commit: Oid, now: number): void {
    this.completed(want, commit, now)
    this.succeeded()
  }

  /** `commit` is in place now, which `want` led to, whatever went wrong on the way. */
  completed(want: Oid, commit: Oid, now: number): void {
    this.published = commit
    this.publishedFrom = want
    this.hasContent = true
    this.isFromThisRemote = true
    this.lastPublishedAt = now
    this.tidyAt = now
    if (this.desired?.want === want) this.desired = { ...this.desired, commit }
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

  /** Leaves `desired` alone until the remote names another. */
  stall({ want }: Desired, error: SyncError): void {
    this.stalled = { want, error }
  }

  /** Whether it takes part in a poll at `now`, which may be early by the share of the jitter. */
  isDue(now: number, jitter: number): boolean {
    if (this.dueAt === undefined) return false
    // An early look would undo a back-off.
    const isBackingOff = this.error?.disposition === 'retry'
    const slackMs = isBackingOff ? 0 : this.entry.intervalMs * jitter
    return this.dueAt - slackMs <= now
  }

  /** Whether the remote names what is neither in place, nor on its way there, nor stalled. */
  get needsSync(): boolean {
    const { desired, published, stalled, syncing } = this
    if (desired === undefined || desired.commit === published) return false
    return desired.want !== stalled?.want && desired.want !== syncing?.want
  }

  get labels(): EntryLabels {
    const { path: entry, repo, revision } = this.entry
    return { entry, repo, ref: this.desired?.ref ?? refOf(revision) }
  }
}
