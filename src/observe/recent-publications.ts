// The last publications of this run, for people who look.
import type { Clock } from '../base/clock.js'
import type { Observe, SyncEvent, Trigger } from '../sync/events.js'

/** One commit that was published. */
export interface RecentPublication {
  /** The listing's path of its entry, as written. */
  path: string
  oid: string
  subject: string | null
  /** ISO 8601. */
  publishedAt: string
  /** How long after it was announced, or the poll that found it, in milliseconds. */
  lagMs: number
  /** What led to it; null where nothing new was found. */
  trigger: Trigger | null
}

/** How many are remembered of all entries together. */
const MOST_REMEMBERED = 30

/** The newest first, and how long the last one of each entry took. */
export class RecentPublications {
  readonly #clock: Pick<Clock, 'wallTime'>
  readonly #lagsMs = new Map<string, number>()
  #newest: readonly RecentPublication[] = []

  constructor(clock: Pick<Clock, 'wallTime'>) {
    this.#clock = clock
  }

  readonly observe: Observe = (event) => {
    if (event.type === 'entry-removed') this.#lagsMs.delete(event.entry)
    else if (event.type === 'sync-published') this.#add(event)
  }

  get newest(): readonly RecentPublication[] {
    return this.#newest
  }

  /** How long the last publication of an entry took, in milliseconds; undefined where there was none. */
  lagMsOf(path: string): number | undefined {
    return this.#lagsMs.get(path)
  }

  #add(event: Extract<SyncEvent, { type: 'sync-published' }>): void {
    const { entry: path, oid, summary, trigger = null } = event
    const publishedAt = new Date(this.#clock.wallTime()).toISOString()
    const lagMs = Math.round(event.lagMs ?? event.durationMs)
    this.#lagsMs.set(path, lagMs)
    const publication = {
      path,
      oid,
      subject: summary?.subject ?? null,
      publishedAt,
      lagMs,
      trigger,
    }
    this.#newest = [publication, ...this.#newest.slice(0, MOST_REMEMBERED - 1)]
  }
}
