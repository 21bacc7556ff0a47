// Keeps every entry of the listing equal to its revision. Remotes are polled, not
// entries; what a poll finds changed is work on an entry, in a queue of its own. What failed
// is not repeated on the spot: that only decides when its remote is polled again.
import { overlap } from '../base/paths.js'
import { eachInTurns } from '../base/turns.js'
import type { Entry } from '../listing/entry.js'
import { diffListings, isSamePublication, type ListingDiff } from '../listing/listing-diff.js'
import type { ShownContent } from '../publish/publisher.js'
import type { Target } from '../publish/target.js'
import { announcedRevision } from './announced-revision.js'
import type { Announcement } from './announcement.js'
import { targetOf } from './context.js'
import { EntryWork, type EntryWorkOptions } from './entry-work.js'
import { Readiness } from './readiness.js'
import { RemotePolls, type RemotePollsOptions } from './remote-polls.js'
import { conclude, createState, type EntryState } from './state/entry-state.js'
import { newRecords } from './state/records.js'
import { type EntryStatus, entryStatusOf } from './status.js'
import { SubmoduleRemotes } from './submodule-remotes.js'

export interface SynchronizerOptions
  extends Omit<RemotePollsOptions & EntryWorkOptions, 'submodules'> {
  /** Remove what was published when its entry leaves the listing. */
  prune: boolean
}

/** How often a one-time run looks whether it still waits for another instance. */
const ONE_TIME_LOOK_MS = 100

export class Synchronizer {
  /** What the probes ask. */
  readonly readiness = new Readiness(() => this.#listed())
  readonly #options: SynchronizerOptions & RemotePollsOptions
  /** By directory. */
  readonly #entries = new Map<string, EntryState>()
  /** Directories of entries that left, and still have work. */
  readonly #retiring = new Set<string>()
  readonly #polls: RemotePolls
  readonly #work: EntryWork
  #hasListing = false
  /** Resolves once all is asked for that was wanted. */
  #asked: Promise<unknown> = Promise.resolve()

  constructor(options: SynchronizerOptions) {
    this.#options = { ...options, submodules: new SubmoduleRemotes(options.openSession) }
    this.#polls = new RemotePolls(this.#options, (states) => {
      for (const { desired } of states) {
        this.#work.add(desired.entry.directory, desired.found?.trigger === 'webhook')
      }
    })
    this.#work = new EntryWork(this.#options, {
      entries: this.#entries,
      polls: this.#polls,
      // Nobody may ask before an entry that is still missing comes on top.
      onContent: () => this.readiness.hasStarted(),
      onRetired: (directory) => this.#forget(directory),
    })
  }

  /**
   * Makes the entries what the listing says, and polls the remotes of those that changed. What is
   * `elsewhere` is listed, too, and another instance's.
   */
  setEntries(listing: readonly Entry[], elsewhere: readonly Entry[] = []): ListingDiff {
    const before = this.#listed().map(({ desired }) => desired.entry)
    const diff = diffListings(before, listing)
    // A listing without entries is much more likely a mistake than a wish.
    const prune = this.#options.prune && listing.length + elsewhere.length > 0
    const kept = new Set(elsewhere.map(({ directory }) => directory))
    for (const entry of diff.removed) this.#remove(entry, prune && !kept.has(entry.directory))
    for (const { from, to } of diff.changed) this.#change(from, to)
    for (const entry of diff.added) this.#add(entry)
    this.#hasListing = true
    return diff
  }

  /**
   * Polls every remote now, also those that wait or stalled, or that of the entry of a path, as the
   * listing has it; returns how many entries that are.
   */
  pollNow(path?: string): number {
    const wanted = this.#listed().filter(
      ({ desired }) => path === undefined || desired.entry.path === path,
    )
    // Ten thousand in one turn would hold up the probes.
    const asking = eachInTurns(wanted, (state) => {
      if (state.desired.listing !== 'listed') return
      conclude(state, { type: 'poll-wanted' }, this.#options)
      this.#polls.add(state.desired.entry)
    })
    this.#asked = Promise.all([this.#asked, asking.catch(this.#options.onError)])
    return wanted.length
  }

  /** Looks now whether what is published was changed by something else. */
  verifyNow(): void {
    for (const state of this.#listed()) {
      conclude(state, { type: 'verification-wanted' }, this.#options)
      this.#work.add(state.desired.entry.directory)
    }
  }

  /** Removes now what is not needed beside what is published. */
  tidyNow(): void {
    for (const state of this.#listed()) {
      conclude(state, { type: 'tidying-wanted' }, this.#options)
      this.#work.add(state.desired.entry.directory)
    }
  }

  /** Somebody, who may be anybody, is about to announce a push. */
  expectPush(): void {
    this.#polls.expectPush()
  }

  /** What readers see of an entry; undefined where the listing has none of that path. */
  async look(path: string, signal: AbortSignal): Promise<ShownContent | undefined> {
    const { graceMs, workers } = this.#options
    const state = this.#listed().find(({ desired }) => desired.entry.path === path)
    return state && workers.look(targetOf(state, this.#options), graceMs, signal)
  }

  /** Polls what a push concerns that was announced; returns how many entries that are. */
  announce(announcement: Announcement): number {
    const matched = this.#polls.announce(announcement)
    for (const state of matched) {
      // Beside the poll, which is to confirm it.
      if (announcedRevision(state)) this.#work.add(state.desired.entry.directory, true)
    }
    return matched.length
  }

  /** Resolves when nothing is being polled or synced. */
  async idle(): Promise<void> {
    await this.#asked
    do {
      await this.#work.idle()
      await this.#polls.idle()
    } while (!this.#work.isIdle)
  }

  /**
   * Resolves when every entry was synced, or has failed; another instance is waited for, but no
   * longer than one sync may take.
   */
  async syncedOnce(): Promise<void> {
    const { clock, syncTimeoutMs } = this.#options
    const givesUpAt = clock.now() + syncTimeoutMs
    const isWaiting = () => this.#listed().some(({ phase }) => phase === 'waiting')
    await this.idle()
    while (isWaiting() && clock.now() < givesUpAt) {
      await new Promise<void>((resolve) => clock.schedule(ONE_TIME_LOOK_MS, resolve))
      await this.idle()
    }
    const gaveUp = { step: 'turn', at: clock.now(), durationMs: syncTimeoutMs } as const
    for (const state of this.#listed()) {
      const { waiting } = state.observed
      if (waiting)
        conclude(state, { type: 'failed', ...gaveUp, error: waiting.error }, this.#options)
    }
  }

  /** Where an entry would be published that is not this instance's. */
  targetOf(entry: Entry): Target {
    return targetOf(newRecords(entry), this.#options)
  }

  /** How many entries the listing has. */
  get count(): number {
    return this.#listed().length
  }

  /** Of each entry of the listing. */
  status(): EntryStatus[] {
    return [...this.eachStatus()]
  }

  /** The same, each made as it is asked for. */
  *eachStatus(): Generator<EntryStatus> {
    for (const { show } of this.eachEntry()) yield show()
  }

  /** Of each entry, what shows its status, and a stamp that is another once that may be another. */
  *eachEntry(): Generator<{ path: string; stamp: object | undefined; show(): EntryStatus }> {
    const { clock } = this.#options
    for (const state of this.#listed()) {
      const { desired, schedule, stamp } = state
      yield {
        path: desired.entry.path,
        // A sync is farther at each look.
        stamp: schedule.syncing ? undefined : stamp,
        show: () => entryStatusOf(state, clock),
      }
    }
  }

  /** Aborts what is under way, and resolves when it has ended; nothing is torn. */
  async close(): Promise<void> {
    await Promise.all([this.#polls.close(), this.#work.close()])
    await this.#options.workers.close()
  }

  #listed(): EntryState[] {
    return [...this.#entries.values()].filter(({ desired }) => desired.listing === 'listed')
  }

  #add(entry: Entry): void {
    const state =
      this.#entries.get(entry.directory) ?? createState(entry, this.#options.clock.now())
    this.#entries.set(entry.directory, state)
    this.#retiring.delete(entry.directory)
    conclude(state, { type: 'added', entry, isLate: this.#hasListing }, this.#options)
    this.#join(state)
  }

  #change(from: Entry, to: Entry): void {
    const state = this.#entries.get(to.directory) as EntryState
    if (isSamePublication(from, to)) {
      conclude(state, { type: 'adjusted', entry: to }, this.#options)
      this.#polls.add(to)
    } else {
      this.#leave(from, state)
      conclude(state, { type: 'changed', entry: to }, this.#options)
      this.#join(state)
    }
  }

  #remove(entry: Entry, isPruned: boolean): void {
    const state = this.#entries.get(entry.directory) as EntryState
    this.#leave(entry, state)
    this.#retiring.add(entry.directory)
    conclude(state, { type: 'removed', isPruned }, this.#options)
    // Its last work: in the queue, so that it waits for a sync that is being aborted.
    this.#work.add(entry.directory)
  }

  #join(state: EntryState): void {
    const { directory } = state.desired.entry
    // What an entry that left still does above or below would hit this one's files.
    if ([...this.#retiring].some((other) => overlap(other, directory))) return
    this.#polls.join(state)
    // Its first work is to find out what is in place; the poll follows.
    this.#work.add(directory)
  }

  #leave(entry: Entry, state: EntryState): void {
    this.#work.remove(entry.directory)
    this.#polls.leave(entry, state)
  }

  /** An entry has left for good. */
  #forget(directory: string): void {
    this.#entries.delete(directory)
    this.#retiring.delete(directory)
    // Those that waited for it.
    for (const waiting of this.#listed()) {
      if (overlap(waiting.desired.entry.directory, directory)) this.#join(waiting)
    }
  }
}
