// What an instance does for others: it watches the leases of the entries that it is next for, takes
// those over whose lease stands still for longer than its term, and gives one back once the instance
// whose entry it is wants it. Where no instance of another shard was ever seen on the volume, it is
// not shared, and nothing is taken over.
import type { Clock, Timer } from '../base/clock.js'
import { cutName } from '../base/cut-text.js'
import type { Entry } from '../listing/entry.js'
import type { LeaseSight } from '../publish/lease/sight.js'
import type { Target } from '../publish/target.js'
import type { LeaseStore } from '../worker/lease-store.js'
import type { LeaseTimes } from './lease-keeper.js'

/** So many looks a second altogether: the more entries there are, the less often each is looked at. */
const LOOKS_PER_SECOND = 500

/** So many leases are looked at in one job. */
const LOOKS_A_JOB = 100

export interface DeputyOptions {
  clock: Clock
  store: Pick<LeaseStore, 'acquire' | 'look' | 'release'>
  times: LeaseTimes
  targetOf: (entry: Entry) => Target
  /** Told where other entries are taken than before; must not throw. */
  onChange: () => void
  /** Told of faults in this program. */
  onError: (error: unknown) => void
}

interface Watched {
  entry: Entry
  /** What its lease showed last, undefined where there was none, and since when. */
  seen: string | undefined
  since: number
  holder: string | undefined
  /** Whether it is this instance's to publish, or is found so at the next look. */
  hold: 'none' | 'acquired' | 'taken'
}

export class Deputy {
  readonly #options: DeputyOptions
  /** By directory. */
  readonly #watched = new Map<string, Watched>()
  #isShared = false
  #timer: Timer | undefined
  #looking: Promise<void> | undefined
  #isClosed = false

  constructor(options: DeputyOptions) {
    this.#options = options
  }

  /** The entries that are taken over. */
  get taken(): Entry[] {
    return [...this.#watched.values()]
      .filter(({ hold }) => hold === 'taken')
      .map(({ entry }) => entry)
  }

  /** Who was seen to work on an entry last; undefined where nobody was, or it is not watched. */
  holderOf(directory: string): string | undefined {
    return this.#watched.get(directory)?.holder
  }

  /** Watches these entries, and no others. */
  watch(entries: readonly Entry[]): void {
    const listed = new Map(entries.map((entry) => [entry.directory, entry]))
    for (const directory of [...this.#watched.keys()]) {
      if (!listed.has(directory)) this.#watched.delete(directory)
    }
    const since = this.#options.clock.now()
    for (const [directory, listedEntry] of listed) {
      // What is done for others keeps no pod out of its Service.
      const entry: Entry = { ...listedEntry, required: false, byDeputy: true }
      const known = this.#watched.get(directory)
      if (known) known.entry = entry
      else {
        this.#watched.set(directory, {
          ...{ entry, seen: undefined, since, holder: undefined },
          hold: 'none',
        })
      }
    }
    if (!this.#looking) this.#schedule(0)
  }

  /** Watches nothing any more; resolves once no look is under way. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#watched.clear()
    this.#timer?.cancel()
    await this.#looking
  }

  #schedule(delayMs: number): void {
    this.#timer?.cancel()
    this.#timer = undefined
    if (this.#isClosed || this.#watched.size === 0) return
    this.#timer = this.#options.clock.schedule(delayMs, () => {
      this.#looking = this.#look()
        .catch(this.#options.onError)
        .finally(() => {
          this.#looking = undefined
          this.#schedule(this.#pauseMs())
        })
    })
  }

  #pauseMs(): number {
    const { lookMs, settleMs } = this.#options.times
    const all = [...this.#watched.values()]
    if (all.some(({ hold }) => hold === 'acquired')) return settleMs
    // Where there is nobody else, it only matters that somebody might come.
    const usualMs = this.#isShared ? 2 * lookMs : 10 * lookMs
    return Math.max(usualMs, (all.length * 1000) / LOOKS_PER_SECOND)
  }

  async #look(): Promise<void> {
    const { onChange, store, targetOf } = this.#options
    const before = this.taken.length
    let isGivenBack = false
    const all = [...this.#watched.values()]
    for (let at = 0; at < all.length && !this.#isClosed; at += LOOKS_A_JOB) {
      const some = all.slice(at, at + LOOKS_A_JOB)
      const sights = await store.look(some.map(({ entry }) => targetOf(entry)))
      for (const [index, watched] of some.entries()) {
        isGivenBack = this.#heed(watched, sights[index]) || isGivenBack
      }
      const orphaned = some.filter((watched) => this.#isOrphaned(watched))
      // Where a volume fails, it is tried again after another term.
      await Promise.allSettled(orphaned.map((watched) => this.#acquire(watched)))
    }
    if (this.#isClosed) return
    if (isGivenBack || this.taken.length !== before) onChange()
  }

  /** Takes note of what is seen; returns whether the entry is taken no more. */
  #heed(watched: Watched, sight: LeaseSight | undefined): boolean {
    const wasTaken = watched.hold === 'taken'
    if (sight?.state === 'own') {
      if (watched.hold === 'acquired') watched.hold = 'taken'
      if (wasTaken && sight.isWanted) watched.hold = 'none'
      // What is being given back is no orphan.
      this.#note(watched, undefined, true)
    } else if (sight?.state === 'others') {
      this.#isShared ||= sight.isShared
      watched.hold = 'none'
      watched.holder = cutName(sight.holder)
      this.#note(watched, sight.seen)
    } else if (sight === undefined || !wasTaken) {
      // Of a volume that fails, nothing is concluded.
      this.#note(watched, undefined, sight === undefined || watched.seen !== undefined)
      if (watched.hold === 'acquired') watched.hold = 'none'
    }
    return wasTaken && watched.hold === 'none'
  }

  #note(watched: Watched, seen: string | undefined, isAnew = watched.seen !== seen): void {
    if (isAnew) watched.since = this.#options.clock.now()
    watched.seen = seen
  }

  /** Whether nobody has worked on an entry for so long that it is this instance's turn. */
  #isOrphaned({ hold, since }: Watched): boolean {
    const { clock, times } = this.#options
    // Whose entry it is looks first.
    const termMs = times.expiryMs + times.lookMs
    return hold === 'none' && this.#isShared && clock.now() - since >= termMs
  }

  async #acquire(watched: Watched): Promise<void> {
    const { clock, store, targetOf } = this.#options
    const { entry, seen } = watched
    watched.since = clock.now()
    const answer = await store.acquire(targetOf(entry), seen)
    const isOurs = answer.state === 'held' || answer.state === 'taken'
    if (!isOurs) return
    // As others may have done the same, it is looked whose it is a little later.
    if (this.#watched.get(entry.directory) === watched) watched.hold = 'acquired'
    else if (answer.state === 'held') await store.release(answer.lease)
  }
}
