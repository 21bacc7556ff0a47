// What is known of one entry while the service runs: what its remote names, what is in
// place, what went wrong, and when it is looked at again.
import { isDeepStrictEqual } from 'node:util'
import type { Clock } from '../base/clock.js'
import type { SyncError } from '../base/errors.js'
import type { Oid } from '../git/oid.js'
import { refOf } from '../git/revision.js'
import type { Entry } from '../listing/entry.js'
import type { Lease } from '../publish/lease/lease.js'
import type { Drift, Inspection } from '../publish/snapshot/inspection.js'
import { Doubt } from '../schedule/doubt.js'
import type { EntryLabels } from './events.js'
import type { Desired } from './resolve-revision.js'

/** Nothing is left of what was published. */
const ALL: Drift = { count: 1, paths: ['.'], missing: undefined }

export class EntryState {
  entry: Entry
  /** Whether it left the listing; then what was published is all that is still cared for. */
  isRemoved = false
  /** Whether what was published goes, too, when it left the listing. */
  isPruned = false
  /** Whether it is known what is in place. */
  isInspected = false
  /** What keeps other instances away while this one works on it. */
  lease: Lease | undefined
  /** Where the volume is mounted that it was last found on, as a byte path, if that is known. */
  mountPoint: string | undefined
  /** Which other instance works on it, since when this one waits, and how that is told. */
  waiting: { holder: string; isDead: boolean; since: number; error: SyncError } | undefined
  /** When, as the clock's `now()`, it may be this instance's turn. */
  turnAt: number | undefined
  /** What is being fetched and published now. */
  syncing: Desired | undefined
  /** When what an earlier publication left is to be removed; undefined: nothing is known of any. */
  tidyAt: number | undefined
  /** What the remote named last. */
  desired: Desired | undefined
  /** The commit in place. */
  published: Oid | undefined
  /** What differs from that commit, or from the last one where nothing of it is left. */
  drift: Drift | undefined
  /** When, as the clock's `now()`, it is looked for drift again, and which pass that is. */
  verification: { at: number; pass: number } | undefined
  /** What was asked for to publish it. */
  publishedFrom: Oid | undefined
  /** Whether the commit in place is likely one that the remote knows. */
  isFromThisRemote = true
  /** Whether its labels tell where the commit in place came from, as far as this run knows. */
  isAsLabelled = true
  /** Whether there is content in place, of whatever commit. */
  hasContent = false
  /** What could not be published, and will not be tried again until the remote names another. */
  stalled: { want: Oid; error: SyncError } | undefined
  failures = 0
  /** What its attributes ask for and is not done, as far as it was told of. */
  readonly ignored = new Set<string>()
  /** Whether its next sync may hang. */
  readonly doubt = new Doubt()
  error: SyncError | undefined
  /** When it is to be polled, as the clock's `now()`; undefined: not by itself. */
  dueAt: number | undefined
  /** When it was polled and published last, milliseconds since the epoch. */
  lastPolledAt: number | undefined
  lastPublishedAt: number | undefined

  /** Whether somebody wants a poll at once; no schedule postpones it then. */
  #isWanted = false
  /** From when on it takes part in a poll that is made for others, also before it is due. */
  #joinsAt = Number.POSITIVE_INFINITY

  constructor(entry: Entry) {
    this.entry = entry
  }

  /** Takes over what the listing says now; what is in place is found out anew. */
  change(entry: Entry): void {
    this.isFromThisRemote &&= entry.remote.url === this.entry.remote.url
    this.isAsLabelled &&=
      this.isFromThisRemote && isDeepStrictEqual(entry.revision, this.entry.revision)
    this.entry = entry
    this.isRemoved = false
    this.isInspected = false
    this.desired = undefined
    this.stalled = undefined
    this.failures = 0
    this.error = undefined
    this.tidyAt = undefined
    this.mountPoint = undefined
    this.ignored.clear()
    this.beginPoll()
  }

  /** It is known now what is in place. */
  inspected({ commit, drift }: Inspection, now: number): void {
    this.isInspected = true
    this.published = commit
    this.drift = drift
    this.publishedFrom = undefined
    this.hasContent ||= commit !== undefined && drift === undefined
    // All that can have failed so far is an earlier inspection.
    this.succeeded()
    this.beginPoll()
    this.pollNow(now)
  }

  /** What is in place was looked at again. */
  verified({ commit, drift }: Inspection): void {
    if (commit === undefined && this.published !== undefined) this.drift = ALL
    else if (commit !== undefined) this.drift = drift
    if (commit !== this.published) this.publishedFrom = undefined
    this.published = commit
  }

  /** Wants a poll at once, or a look at what is in place. */
  pollNow(now: number): void {
    if (this.entry.suspend && this.isInspected) return
    this.#isWanted = true
    this.dueAt = now
  }

  /**
   * Is polled at `timeMs`, or not by itself; a poll that is wanted before is not put off. From
   * `joinsAt` on it takes part in polls that are made for others.
   */
  pollAt(timeMs: number | undefined, joinsAt = Number.POSITIVE_INFINITY): void {
    if (this.#isWanted) return
    this.dueAt = timeMs
    this.#joinsAt = joinsAt
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
    if (this.isSynced) this.succeeded()
    else if (desired.want === stalled?.want) this.error = stalled.error
    return this.desired
  }

  /** `want` was published, as `commit`. */
  hasPublished(want: Oid, commit: Oid, clock: Clock): void {
    this.completed(want, commit, clock)
    this.succeeded()
  }

  /** `commit` is in place now, which `want` led to, whatever went wrong on the way. */
  completed(want: Oid, commit: Oid, clock: Clock): void {
    this.published = commit
    this.publishedFrom = want
    this.drift = undefined
    this.hasContent = true
    this.isFromThisRemote = true
    this.isAsLabelled = true
    this.lastPublishedAt = clock.wallTime()
    this.tidyAt = clock.now()
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
    return Math.min(this.dueAt, this.#joinsAt) - slackMs <= now
  }

  /** Whether what the remote names is in place, whole. */
  get isSynced(): boolean {
    return this.desired !== undefined && this.desired.commit === this.published && !this.drift
  }

  /** Whether the remote names what is neither in place, nor on its way there, nor stalled. */
  get needsSync(): boolean {
    const { desired, stalled, syncing } = this
    if (desired === undefined || this.isSynced) return false
    return desired.want !== stalled?.want && desired.want !== syncing?.want
  }

  get labels(): EntryLabels {
    const { path: entry, repo, revision } = this.entry
    return { entry, repo, ref: this.desired?.ref ?? refOf(revision) }
  }
}
