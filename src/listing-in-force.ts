// The listing that is in force: the last valid one, whatever its file has by now.
import path from 'node:path'
import type { Clock } from './base/clock.js'
import type { Entry, ListingDefaults } from './listing/entry.js'
import { resolveListing } from './listing/listing.js'
import { formatFault, ListingError } from './listing/listing-error.js'
import type { ListingRead } from './listing/watcher.js'
import type { StatusReport } from './server/status-report.js'
import type { Observe } from './sync/events.js'
import type { Synchronizer } from './sync/synchronizer.js'

export interface ListingInForceOptions {
  path: string
  defaults: ListingDefaults
  clock: Pick<Clock, 'wallTime'>
  observe: Observe
  synchronizer: Pick<Synchronizer, 'setEntries'>
}

export class ListingInForce {
  readonly #options: ListingInForceOptions
  #isValid = true
  #loadedAt: number

  constructor(options: ListingInForceOptions) {
    this.#options = options
    this.#loadedAt = options.clock.wallTime()
  }

  /** Puts `entries` in force. */
  apply(entries: Entry[]): void {
    const { path: file, clock, observe, synchronizer } = this.#options
    const diff = synchronizer.setEntries(entries)
    this.#isValid = true
    this.#loadedAt = clock.wallTime()
    observe({
      type: 'listing-loaded',
      path: file,
      entries: entries.length,
      added: diff.added.length,
      changed: diff.changed.length,
      removed: diff.removed.length,
    })
  }

  /** Puts in force what was read, if it is valid. */
  async reload(read: ListingRead): Promise<void> {
    const { path: file, defaults, observe } = this.#options
    try {
      if (read.error) throw read.error
      this.apply(await resolveListing(read.text, path.dirname(file), defaults))
    } catch (error) {
      if (!(error instanceof ListingError)) throw error
      this.#isValid = false
      const faults = error.faults.map(formatFault)
      observe({ type: 'listing-rejected', path: file, error, faults })
    }
  }

  /** What /status says of it. */
  get status(): Omit<StatusReport['listing'], 'entries'> {
    const loadedAt = new Date(this.#loadedAt).toISOString()
    return { path: this.#options.path, valid: this.#isValid, loadedAt }
  }
}
