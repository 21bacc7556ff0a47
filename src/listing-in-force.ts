// The listing that is in force: the last valid one, whatever its file has by now.
import path from 'node:path'
import type { Clock } from './base/clock.js'
import { toSyncError } from './base/errors.js'
import type { Entry, ListingDefaults } from './listing/entry.js'
import { resolveListing } from './listing/listing.js'
import { formatFault, ListingError } from './listing/listing-error.js'
import type { ListingRead } from './listing/watcher.js'
import type { StatusReport } from './server/status-route.js'
import type { Observe } from './sync/events.js'
import type { Synchronizer } from './sync/synchronizer.js'

export interface ListingInForceOptions {
  path: string
  defaults: ListingDefaults
  clock: Pick<Clock, 'wallTime'>
  observe: Observe
  synchronizer: Pick<Synchronizer, 'setEntries'>
}

/** What is in force, and how another comes to be. */
export interface ListingInForce {
  /** What /status says of it. */
  readonly state: Readonly<Omit<StatusReport['listing'], 'entries'>>
  /** Puts `entries` in force. */
  apply(entries: Entry[]): void
  /** Puts in force what was read, if it is valid. */
  reload(read: ListingRead): Promise<void>
}

/** Creates the keeper of the listing; nothing is in force yet. */
export function createListingInForce(options: ListingInForceOptions): ListingInForce {
  const { path: file, defaults, clock, observe, synchronizer } = options
  const state = { path: file, valid: true, loadedAt: '' }

  function apply(entries: Entry[]): void {
    const { added, changed, removed } = synchronizer.setEntries(entries)
    state.valid = true
    state.loadedAt = new Date(clock.wallTime()).toISOString()
    observe({
      type: 'listing-loaded',
      path: file,
      entries: entries.length,
      added: added.length,
      changed: changed.length,
      removed: removed.length,
    })
  }

  async function reload(read: ListingRead): Promise<void> {
    try {
      if (read.error) throw read.error
      apply(await resolveListing(read.text, path.dirname(file), defaults))
    } catch (cause) {
      // Whatever it is, and be it a fault of this program: the last good listing stays.
      const error = toSyncError(cause)
      state.valid = false
      const faults = cause instanceof ListingError ? cause.faults.map(formatFault) : [error.message]
      observe({ type: 'listing-rejected', path: file, error, faults })
    }
  }

  return { state, apply, reload }
}
