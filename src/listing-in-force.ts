// The listing that is in force: the last valid one, whatever its file has by now.
import path from 'node:path'
import type { Clock } from './base/clock.js'
import { toSyncError } from './base/errors.js'
import type { Entry, ListingDefaults } from './listing/entry.js'
import { resolveListing } from './listing/listing.js'
import { formatFault, ListingError } from './listing/listing-error.js'
import { findWarnings } from './listing/warnings.js'
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

/** So many paths of entries are named. */
const MAX_PATHS = 10

/** What is in force, and how another comes to be. */
export interface ListingInForce {
  /** What /status says of it. */
  readonly state: Readonly<Omit<StatusReport['listing'], 'entries'>>
  /** Puts `entries` in force. */
  apply(entries: Entry[]): void
  /**
   * Puts in force what was read, if it is valid. Resolves with whether that is settled: what the disk
   * refuses it may take later, so that it is to come again, and is told of once.
   */
  reload(read: ListingRead, isAgain?: boolean): Promise<boolean>
}

/** Creates the keeper of the listing; nothing is in force yet. */
export function createListingInForce(options: ListingInForceOptions): ListingInForce {
  const { path: file, defaults, clock, observe, synchronizer } = options
  const state: { -readonly [K in keyof ListingInForce['state']]: ListingInForce['state'][K] } = {
    path: file,
    valid: true,
    loadedAt: '',
  }

  /** What the disk refused at last. */
  let refused: ListingError | undefined

  function apply(entries: Entry[]): void {
    const { added, changed, removed } = synchronizer.setEntries(entries)
    state.valid = true
    delete state.faults
    state.loadedAt = new Date(clock.wallTime()).toISOString()
    observe({
      type: 'listing-loaded',
      path: file,
      entries: entries.length,
      added: added.length,
      changed: changed.length,
      removed: removed.length,
      ...named('addedPaths', added),
      ...named(
        'changedPaths',
        changed.map(({ to }) => to),
      ),
      ...named('removedPaths', removed),
    })
    const warnings = findWarnings(entries, defaults).map(formatFault)
    if (warnings.length > 0) observe({ type: 'listing-warned', path: file, warnings })
  }

  async function reload(read: ListingRead, isAgain = false): Promise<boolean> {
    const earlier = isAgain ? refused : undefined
    refused = undefined
    try {
      if (read.error) throw read.error
      apply(await resolveListing(read.text, path.dirname(file), defaults, earlier?.faults))
      return true
    } catch (cause) {
      // Whatever it is, and be it a fault of this program: the last good listing stays.
      const error = toSyncError(cause)
      const faults = cause instanceof ListingError ? cause.faults.map(formatFault) : [error.message]
      if (cause instanceof ListingError && cause.isOfDisk) refused = cause
      state.valid = false
      state.faults = faults
      if (earlier?.faults.map(formatFault).join() !== faults.join()) {
        observe({ type: 'listing-rejected', path: file, error, faults })
      }
      return refused === undefined
    }
  }

  return { state, apply, reload }
}

function named(name: string, entries: readonly Entry[]): Record<string, string[]> {
  if (entries.length === 0) return {}
  return { [name]: entries.slice(0, MAX_PATHS).map((entry) => entry.path) }
}
