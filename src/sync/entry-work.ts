// All work on the directory of an entry: never two pieces at once, and in the order in which they come up.
// First it is found out whose turn it is and what is in place; then follow syncs, looks and tidying,
// each when it is time to, and the last work on an entry that left the listing.
import { WorkQueue } from '../schedule/work-queue.js'
import type { SyncContext } from './context.js'
import { laneOf } from './host-lanes.js'
import { LEASE_TIMES, LeaseKeeper, type LeaseTimes } from './lease-keeper.js'
import { takeTurn } from './lease-turn.js'
import type { RemotePolls } from './remote-polls.js'
import { retireEntry } from './retirement.js'
import { conclude, type EntryState } from './state/entry-state.js'
import { syncEntry } from './sync-entry.js'
import { inspectEntry, tidyEntry, verifyEntry } from './upkeep.js'

export interface EntryWorkOptions extends SyncContext {
  maxConcurrentSyncs: number
  /** @default {@link LEASE_TIMES} */
  leaseTimes?: LeaseTimes | undefined
}

/** What entries are worked on for, and who is told of it. */
export interface WorkedOn {
  /** By directory. */
  entries: ReadonlyMap<string, EntryState>
  polls: Pick<RemotePolls, 'of' | 'addInspected' | 'addWhenDue'>
  /** Told where an entry has content after a piece of work. */
  onContent: () => void
  /** Told where nothing is left to do for an entry that left the listing. */
  onRetired: (directory: string) => void
}

export class EntryWork {
  readonly #options: EntryWorkOptions
  readonly #on: WorkedOn
  readonly #leaseTimes: LeaseTimes
  readonly #leases: LeaseKeeper
  /** Directories of entries. */
  readonly #queue: WorkQueue<string>

  constructor(options: EntryWorkOptions, on: WorkedOn) {
    const { clock, leaseTimes = LEASE_TIMES, maxConcurrentSyncs: all, onError, workers } = options
    this.#options = options
    this.#on = on
    this.#leaseTimes = leaseTimes
    this.#leases = new LeaseKeeper({
      clock,
      store: workers.leases,
      times: leaseTimes,
      onLost: (directory) => this.#loseTurn(directory),
    })
    this.#queue = new WorkQueue({
      clock,
      concurrency: all,
      laneOf: (directory) => {
        const state = on.entries.get(directory)
        const host = state && on.polls.of(state.desired.entry)?.repository?.host
        // A host may take all of them where no other wants any.
        return laneOf(host, state?.suspicion, { clock, all, ofHost: all })
      },
      work: (directory, signal) => this.#work(directory, signal),
      onError: (_key, error) => onError(error),
    })
  }

  /** Work came up; what is urgent goes first. */
  add(directory: string, isUrgent = false): void {
    this.#queue.add(directory, isUrgent)
  }

  /** Aborts what is under way. */
  remove(directory: string): void {
    this.#queue.remove(directory)
  }

  get isIdle(): boolean {
    return this.#queue.running + this.#queue.size === 0
  }

  /** Resolves when nothing is at work. */
  idle(): Promise<void> {
    return this.#queue.idle()
  }

  /** Aborts what is under way, and lets other instances have the entries once it has ended. */
  async close(): Promise<void> {
    await this.#queue.close()
    await this.#leases.close()
  }

  async #work(directory: string, signal: AbortSignal): Promise<void> {
    const state = this.#on.entries.get(directory)
    if (!state) return
    if (state.phase === 'retiring') return this.#retire(directory, state, signal)
    const { polls } = this.#on
    const { entry } = state.desired
    const remote = polls.of(entry)
    if (!remote) return
    if (!(await this.#isOurTurn(state, signal))) {
      if (signal.aborted) return
      polls.addInspected(entry)
      polls.addWhenDue(entry)
      return
    }
    let isOutdated = false
    if (state.phase === 'inspecting') {
      await inspectEntry(state, this.#options, signal)
      polls.addInspected(entry)
    } else {
      await verifyEntry(state, this.#options, signal)
      isOutdated = await syncEntry(state, remote, this.#options, signal)
      polls.addWhenDue(entry)
    }
    if (state.observed.hasContent) this.#on.onContent()
    if (state.schedule.error?.code === 'lease-lost') {
      // Not at once: where the lease is found held all the same, this would go round without end.
      if (!signal.aborted) this.#loseTurn(directory, this.#leaseTimes.lookMs)
      return
    }
    // What is in place comes first, and a failure to find out says when it is tried again.
    if (!state.observed.isInspected) return
    if (isOutdated && !signal.aborted) this.add(directory)
    // What was published may have another place for its lease.
    if (state.schedule.tidyAt !== undefined && !(await this.#isOurTurn(state, signal))) return
    await tidyEntry(state, this.#options, signal)
    if (signal.aborted) return
    this.#addAt(directory, state.schedule.tidyAt)
    this.#addAt(directory, state.schedule.verification?.at)
  }

  /** The end of an entry that left the listing, unless it comes back meanwhile. */
  async #retire(directory: string, state: EntryState, signal: AbortSignal): Promise<void> {
    const isDone = await retireEntry(state, this.#leases, this.#options, signal)
    if (signal.aborted || state.phase !== 'retiring') return
    if (!isDone) return this.#addAt(directory, state.schedule.turnAt)
    conclude(state, { type: 'retired' }, this.#options)
    this.#on.onRetired(directory)
  }

  /** Whether an entry is this instance's to work on; else it is asked again in time. */
  async #isOurTurn(state: EntryState, signal: AbortSignal): Promise<boolean> {
    const isOurs = await takeTurn(state, this.#leases, this.#options, signal)
    if (!signal.aborted) this.#addAt(state.desired.entry.directory, state.schedule.turnAt)
    return isOurs && !signal.aborted
  }

  /** Another instance has an entry; it is found out anew whose turn it is. */
  #loseTurn(directory: string, askInMs = 0): void {
    const state = this.#on.entries.get(directory)
    this.#leases.drop(directory)
    if (!state || state.phase === 'retiring') return
    conclude(state, { type: 'lease-lost' }, this.#options)
    this.#queue.addAfter(directory, askInMs)
  }

  #addAt(directory: string, timeMs: number | undefined): void {
    if (timeMs === undefined) return
    this.#queue.addAfter(directory, timeMs - this.#options.clock.now())
  }
}
