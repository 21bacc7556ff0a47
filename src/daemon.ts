// The composition root: wires listing, synchronizer, server and observers together, and starts
// and stops them. How remotes are reached is wired in a file of its own, sessions.ts.
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { createSecureContext } from 'node:tls'
import type { FastifyInstance } from 'fastify'
import { type Clock, systemClock } from './base/clock.js'
import { SyncError } from './base/errors.js'
import { createRedactor, type Redactor } from './base/redactor.js'
import { readVersion } from './base/version.js'
import type { Entry } from './listing/entry.js'
import { readListing, resolveListing } from './listing/listing.js'
import { formatFault, ListingError } from './listing/listing-error.js'
import { type ListingRead, type ListingWatcher, watchListing } from './listing/watcher.js'
import { logEvents } from './observe/log-events.js'
import type { Logger } from './observe/logging.js'
import { createMetrics } from './observe/metrics.js'
import { Heartbeat } from './schedule/heartbeat.js'
import { createServer } from './server/server.js'
import type { StatusReport } from './server/status-report.js'
import { createSessions, type Sessions } from './sessions.js'
import { listingDefaults, type Settings } from './settings.js'
import type { Observe } from './sync/events.js'
import type { EntryStatus } from './sync/status.js'
import { Synchronizer, type SynchronizerOptions } from './sync/synchronizer.js'
import { createWorkerPool } from './worker/pool.js'

/** The scheduler counts as stuck when its heartbeat is older than this, in milliseconds. */
const HEARTBEAT_LIMIT_MS = 30_000

export interface Daemon {
  /** Reads the listing again and polls every remote. */
  reload(): Promise<void>
  /** Resolves once every entry was synced once; with the number of those that failed. */
  syncedOnce(): Promise<{ failed: number }>
  /** Stops: aborts what is under way, and resolves when nothing is. */
  close(): Promise<void>
}

/** What no user sets. */
export interface DaemonOptions extends Pick<SynchronizerOptions, 'leaseTimes'> {
  /** Learns the secrets that are sent; also the logger's. */
  redactor?: Redactor
}

/** Starts the service. Throws a SyncError where the listing is missing or invalid at start. */
export async function startDaemon(
  settings: Settings,
  logger: Logger,
  options: DaemonOptions = {},
): Promise<Daemon> {
  const clock = systemClock
  const { redactor = createRedactor(), ...internals } = options
  const { listingPath } = settings
  const defaults = listingDefaults(settings)
  const { entries, text } = await readListing(listingPath, defaults)

  const metrics = createMetrics({ clock })
  const log = logEvents(logger)
  const observe: Observe = (event) => {
    metrics.observe(event)
    log(event)
  }
  const onError = (error: unknown) => logger.error('fault in this program', { error })
  // Node reads its root certificates for the first one: now, while nobody waits for an answer.
  createSecureContext()
  const sessions = createSessions({ settings, clock, observe, redactor })
  const wiring = { settings, clock, observe, onError, sessions, internals }
  const synchronizer = createSynchronizer(wiring)
  const listing = { path: listingPath, valid: true, loadedAt: clock.wallTime() }

  function apply(desired: Entry[]): void {
    const diff = synchronizer.setEntries(desired)
    listing.valid = true
    listing.loadedAt = clock.wallTime()
    observe({
      type: 'listing-loaded',
      path: listingPath,
      entries: desired.length,
      added: diff.added.length,
      changed: diff.changed.length,
      removed: diff.removed.length,
    })
  }

  async function onListingChange(read: ListingRead): Promise<void> {
    try {
      if (read.error) throw read.error
      apply(await resolveListing(read.text, path.dirname(listingPath), defaults))
    } catch (error) {
      if (!(error instanceof ListingError)) throw error
      listing.valid = false
      observe({
        type: 'listing-rejected',
        path: listingPath,
        error,
        faults: error.faults.map(formatFault),
      })
    }
  }

  const heartbeat = new Heartbeat(clock)
  const build = { version: readVersion(), node: process.version }
  const report = (): StatusReport => {
    const entries = synchronizer.status().map((entry) => withoutSecrets(entry, redactor))
    const loadedAt = new Date(listing.loadedAt).toISOString()
    return { build, listing: { ...listing, loadedAt, entries: entries.length }, entries }
  }
  const server = createServer(
    {
      heartbeatAgeMs: () => heartbeat.ageMs,
      heartbeatLimitMs: HEARTBEAT_LIMIT_MS,
      started: () => synchronizer.hasStarted(),
      missing: () => synchronizer.missing(),
      waiting: () => synchronizer.waiting(),
      metrics,
      status: report,
    },
    { maxConnections: settings.maxConnections, onError },
  )
  let watcher: ListingWatcher | undefined
  async function close(): Promise<void> {
    await Promise.all([watcher?.close(), synchronizer.close(), server.close()])
    heartbeat.stop()
    await sessions.close()
  }

  // Before it listens: without entries, a probe would find every one of them in place.
  apply(entries)
  try {
    const port = await listen(server, settings)
    logger.info('listening', { host: settings.httpHost, port })
  } catch (error) {
    await close()
    throw error
  }

  if (!settings.oneTime) {
    watcher = watchListing({ path: listingPath, text, clock, onChange: onListingChange })
  }

  return {
    async reload() {
      await watcher?.look()
      synchronizer.pollNow()
    },
    async syncedOnce() {
      await synchronizer.syncedOnce()
      return { failed: synchronizer.status().filter(({ error }) => error).length }
    },
    close,
  }
}

/** Returns the port. Throws `settings-invalid` where the address cannot be listened on. */
async function listen(server: FastifyInstance, { httpHost, httpPort }: Settings): Promise<number> {
  try {
    await server.listen({ host: httpHost, port: httpPort })
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new SyncError(
      'settings-invalid',
      `Cannot serve HTTP on ${httpHost} port ${httpPort} (${reason}): set another HTTP_HOST or HTTP_PORT`,
      { cause: error },
    )
  }
  return (server.server.address() as AddressInfo).port
}

/** What a server echoed is not shown either. */
function withoutSecrets(entry: EntryStatus, redactor: Redactor): EntryStatus {
  const { error } = entry
  return error ? { ...entry, error: { ...error, message: redactor.redact(error.message) } } : entry
}

interface Wiring {
  settings: Settings
  clock: Clock
  observe: Observe
  onError: (error: unknown) => void
  sessions: Sessions
  internals: Pick<SynchronizerOptions, 'leaseTimes'>
}

function createSynchronizer(wiring: Wiring): Synchronizer {
  const { settings, clock, observe, onError, sessions, internals } = wiring
  return new Synchronizer({
    clock,
    cadence: { jitter: settings.jitter, random: Math.random },
    observe,
    onError,
    workers: createWorkerPool(settings.maxConcurrentSyncs, onError, {
      packBytes: settings.maxPackBytes,
      checkoutBytes: settings.maxCheckoutBytes,
      files: settings.maxFiles,
    }),
    syncTimeoutMs: settings.syncTimeoutMs,
    graceMs: settings.worktreeGracePeriodMs,
    verifyIntervalMs: settings.verifyIntervalMs,
    stateDirectory: settings.stateDir,
    root: settings.root,
    maxConcurrentPolls: settings.maxConcurrentPolls,
    maxConcurrentSyncs: settings.maxConcurrentSyncs,
    prune: settings.prune,
    openSession: sessions.open,
    ...internals,
  })
}
