// Keeps every entry of the listing equal to its revision. Remotes are polled, not
// entries; what a poll finds changed is synced by a queue of its own. Nothing is retried
// on the spot: a failure only decides when its remote is polled again.
import { isWithin } from '../base/paths.js'
import type { Entry } from '../listing/entry.js'
import { diffListings, isSamePublication, type ListingDiff } from '../listing/listing-diff.js'
import type { RemoteSession } from '../protocol/remote-session.js'
import { WorkQueue } from '../schedule/work-queue.js'
import type { SyncContext } from './context.js'
import { EntryState } from './entry-state.js'
import { pollRemote } from './poll-remote.js'
import { Remote, remoteKeyOf } from './remote.js'
import { type EntryStatus, statusOf } from './status.js'
import { syncEntry } from './sync-entry.js'
import { inspectEntry, tidyEntry, unpublishEntry } from './upkeep.js'

export interface SynchronizerOptions extends SyncContext {
  /** Opens what an entry shares with all others of the same remote and credentials. */
  openSession: (entry: Entry) => RemoteSession
  maxConcurrentPolls: number
  maxConcurrentSyncs: number
  /** Remove what was published when its entry leaves the listing. */
  prune: boolean
  /** Told of faults in this program, which must not end it. */
  onError: (error: unknown) => void
}

export class Synchronizer {
  readonly #options: SynchronizerOptions
  /** By directory. */
  readonly #entries = new Map<string, EntryState>()
  /** Directories of entries that left, and still have work. */
  readonly #retiring = new Set<string>()
  readonly #remotes = new Map<string, Remote>()
  /** Keys of remotes. */
  readonly #polls: WorkQueue<string>
  /** Directories of entries. */
  readonly #syncs: WorkQueue<string>
  #hasStarted = false

  constructor(options: SynchronizerOptions) {
    this.#options = options
    const { clock, maxConcurrentPolls, maxConcurrentSyncs, onError } = options
    this.#polls = new WorkQueue({
      clock,
      concurrency: maxConcurrentPolls,
      work: (key, signal) => this.#poll(key, signal),
      onError: (_key, error) => onError(error),
    })
    this.#syncs = new WorkQueue({
      clock,
      concurrency: maxConcurrentSyncs,
      work: (directory, signal) => this.#sync(directory, signal),
      onError: (_key, error) => onError(error),
    })
  }

  /** Makes the entries what the listing says, and polls the remotes of those that changed. */
  setEntries(desired: readonly Entry[]): ListingDiff {
    const diff = diffListings(
      this.#listed().map(({ entry }) => entry),
      desired,
    )
    for (const entry of diff.removed) this.#remove(entry)
    for (const { from, to } of diff.changed) this.#change(from, to)
    for (const entry of diff.added) this.#add(entry)
    return diff
  }

  /** Polls every remote now, also those that wait or stalled. */
  pollNow(): void {
    const now = this.#options.clock.now()
    for (const state of this.#listed()) {
      state.pollNow(now)
      state.stalled = undefined
    }
    for (const key of this.#remotes.keys()) this.#polls.add(key)
  }

  /** Resolves when nothing is being polled or synced. */
  async idle(): Promise<void> {
    do {
      await this.#syncs.idle()
      await this.#polls.idle()
    } while (this.#syncs.running + this.#syncs.size > 0)
  }

  /** Of each entry of the listing. */
  status(): EntryStatus[] {
    return this.#listed().map(statusOf)
  }

  /** The paths of required entries without content in place. */
  missing(): string[] {
    return this.#listed()
      .filter(({ entry, hasContent }) => entry.required && !hasContent)
      .map(({ entry }) => entry.path)
  }

  /** Whether every required entry had content in place at some time. */
  hasStarted(): boolean {
    this.#latchStart()
    return this.#hasStarted
  }

  /** Aborts what is under way, and resolves when it has ended; nothing is torn. */
  async close(): Promise<void> {
    await Promise.all([this.#polls.close(), this.#syncs.close()])
    await this.#options.workers.close()
  }

  #listed(): EntryState[] {
    return [...this.#entries.values()].filter(({ isRemoved }) => !isRemoved)
  }

  #add(entry: Entry): void {
    const state = this.#entries.get(entry.directory) ?? new EntryState(entry)
    state.change(entry)
    this.#entries.set(entry.directory, state)
    this.#retiring.delete(entry.directory)
    this.#options.observe({ type: 'entry-added', ...state.labels })
    this.#join(state)
  }

  #change(from: Entry, to: Entry): void {
    const { clock, observe } = this.#options
    const state = this.#entries.get(to.directory) as EntryState
    const isRenamed = from.path !== to.path || from.repo !== to.repo
    if (isRenamed) observe({ type: 'entry-removed', ...state.labels })
    if (isSamePublication(from, to)) {
      state.entry = to
      state.pollNow(clock.now())
      this.#polls.add(remoteKeyOf(to))
    } else {
      this.#leave(from, state)
      state.change(to)
      this.#join(state)
    }
    if (isRenamed) observe({ type: 'entry-added', ...state.labels })
  }

  #remove(entry: Entry): void {
    const state = this.#entries.get(entry.directory) as EntryState
    this.#leave(entry, state)
    state.isRemoved = true
    this.#retiring.add(entry.directory)
    this.#options.observe({ type: 'entry-removed', ...state.labels })
    // Its last work: in the queue, so that it waits for a sync that is being aborted.
    this.#syncs.add(entry.directory)
  }

  #join(state: EntryState): void {
    const { directory } = state.entry
    // What an entry that left still does above or below would hit this one's files.
    if ([...this.#retiring].some((other) => overlap(other, directory))) return
    const key = remoteKeyOf(state.entry)
    let remote = this.#remotes.get(key)
    if (!remote) {
      remote = new Remote(this.#options.openSession(state.entry))
      this.#remotes.set(key, remote)
    }
    remote.entries.add(state)
    // Its first work is to find out what is in place; the poll follows.
    this.#syncs.add(directory)
  }

  #leave(entry: Entry, state: EntryState): void {
    this.#syncs.remove(entry.directory)
    const key = remoteKeyOf(entry)
    const remote = this.#remotes.get(key)
    remote?.entries.delete(state)
    if (remote?.entries.size !== 0) {
      // Its first poll may have waited for just this entry.
      this.#pollWhenDue(key)
      return
    }
    this.#remotes.delete(key)
    this.#polls.remove(key)
  }

  async #poll(key: string, signal: AbortSignal): Promise<void> {
    const remote = this.#remotes.get(key)
    if (!remote) return
    const states = await pollRemote(remote, this.#options, signal)
    for (const state of states) this.#syncs.add(state.entry.directory)
    this.#pollWhenDue(key)
  }

  /** All work on one directory: never two at once, and in the order in which it came up. */
  async #sync(directory: string, signal: AbortSignal): Promise<void> {
    const state = this.#entries.get(directory)
    if (!state) return
    if (state.isRemoved) {
      await this.#retire(directory, state)
      return
    }
    const key = remoteKeyOf(state.entry)
    const remote = this.#remotes.get(key)
    if (!remote) return
    if (state.isInspected) {
      await syncEntry(state, remote, this.#options, signal)
      this.#pollWhenDue(key)
    } else {
      await inspectEntry(state, this.#options, signal)
      if (remote.isInspected) this.#polls.add(key)
    }
    // Nobody may ask before an entry that is still missing comes on top.
    if (state.hasContent) this.#latchStart()
    await tidyEntry(state, this.#options, signal)
    if (!signal.aborted) this.#syncAt(directory, state.tidyAt)
  }

  /** The end of an entry that left the listing, unless it comes back meanwhile. */
  async #retire(directory: string, state: EntryState): Promise<void> {
    const { clock, prune } = this.#options
    const retryInMs = prune ? await unpublishEntry(state, this.#options) : undefined
    if (!state.isRemoved) return
    if (retryInMs !== undefined) {
      this.#syncAt(directory, clock.now() + retryInMs)
      return
    }
    this.#entries.delete(directory)
    this.#retiring.delete(directory)
    // Those that waited for it.
    for (const waiting of this.#listed()) {
      if (overlap(waiting.entry.directory, directory)) this.#join(waiting)
    }
  }

  #latchStart(): void {
    this.#hasStarted ||= this.missing().length === 0
  }

  #syncAt(directory: string, timeMs: number | undefined): void {
    if (timeMs !== undefined) this.#syncs.addAfter(directory, timeMs - this.#options.clock.now())
  }

  #pollWhenDue(key: string): void {
    const dueAt = this.#remotes.get(key)?.dueAt
    if (dueAt !== undefined) this.#polls.addAfter(key, dueAt - this.#options.clock.now())
  }
}

/** Whether one of two directories lies in the other. */
function overlap(one: string, other: string): boolean {
  return isWithin(one, other) || isWithin(other, one)
}
