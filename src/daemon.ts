// The composition root: wires listing, machine, server and observers together, and starts and stops
// them. Of files of their own are what keeps entries equal to revisions, machine.ts, and what a
// change of the listing leads to, listing-in-force.ts.
import { systemClock } from './base/clock.js'
import { createRedactor, type Redactor } from './base/known-secrets.js'
import { formatShard } from './base/shard.js'
import { createLateServer } from './late-server.js'
import { readListing } from './listing/listing.js'
import type { ListingWatcher } from './listing/watcher.js'
import { createListingInForce } from './listing-in-force.js'
import { createMachine, type MachineOptions } from './machine.js'
import { createNotifications } from './notifications.js'
import { logEvents } from './observe/log-events.js'
import type { Logger } from './observe/logging.js'
import type { MetricsObserver } from './observe/metrics.js'
import { RecentPublications } from './observe/recent-publications.js'
import { Heartbeat } from './schedule/heartbeat.js'
import { pageReport } from './server/page/page-report.js'
import type { ServerSource } from './server/server.js'
import { serviceUrl } from './service-url.js'
import { listingDefaults, type Settings } from './settings.js'
import { createStatusSource } from './status-source.js'
import type { Observe } from './sync/events.js'
import { readBuild } from './version.js'
import { createWebhookSource } from './webhook-source.js'

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
export interface DaemonOptions extends Pick<MachineOptions, 'leaseTimes' | 'threads'> {
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
  const { listingPath: path } = settings
  const { httpHost, httpPort } = settings
  const build = readBuild()
  logger.info('git-autosync', {
    version: build.version,
    listing: path,
    shard: settings.shard && formatShard(settings.shard),
    // Of any free port, the line that says which one follows.
    status: httpPort === 0 ? undefined : `${serviceUrl(httpHost, httpPort)}/status`,
  })
  const defaults = listingDefaults(settings)
  const { entries, text } = await readListing(path, defaults)

  const server = createLateServer()
  const publications = new RecentPublications(clock)
  const log = logEvents(logger)
  const observe: Observe = (event) => {
    server.observe(event)
    publications.observe(event)
    log(event)
    notifications?.hear(event)
  }
  const onError = (error: unknown) => logger.error('fault in this program', { error })
  const machine = createMachine({ settings, clock, redactor, observe, onError, ...internals })
  const { hooks, sessions, setEntries, synchronizer, workers } = machine
  const { post } = sessions
  const notified = { settings, clock, post, redactor, observe, onError }
  const notifications = createNotifications(notified)
  const { shard, oneTime } = settings
  // A run of one time ends before anybody could be missed.
  const shared = { machine, clock, observe, onError, standsIn: !oneTime, ...internals }
  const sharding = shard && (await import('./sharding.js')).createSharding({ shard, ...shared })
  const synchronizing = { setEntries: sharding?.setEntries ?? setEntries }
  const inForce = { path, defaults, clock, observe, synchronizer: synchronizing }
  const listing = createListingInForce(inForce)
  const heartbeat = new Heartbeat(clock)
  const source = createStatusSource({
    build,
    synchronizer,
    listing,
    redactor,
    hooks: hooks.after,
    clock,
    sharding,
  })
  const sourceWith = (metrics: MetricsObserver): ServerSource => ({
    ...source,
    page: () => pageReport(source.status(), publications, clock.wallTime()),
    heartbeatAgeMs: () => heartbeat.ageMs,
    heartbeatLimitMs: HEARTBEAT_LIMIT_MS,
    isExhausted: () => workers.isExhausted(),
    metrics: { ...metrics, render: () => metrics.render(synchronizer.eachStatus()) },
    webhooks: createWebhookSource({ settings, clock, observe, redactor, synchronizer }),
  })
  let watcher: ListingWatcher | undefined
  async function close(): Promise<void> {
    const parts = [watcher, sharding, { close: machine.stop }, server, notifications]
    await Promise.all(parts.map((part) => part?.close()))
    heartbeat.stop()
    await sessions.close()
  }

  // Before it listens: without entries, a probe would find every one of them in place.
  listing.apply(entries)
  const synced = oneTime ? synchronizer.syncedOnce() : undefined
  const { maxConnections } = settings
  const served = { settings, logger, clock, build, shard, maxConnections, onError }
  try {
    await server.listen({ ...served, sourceWith }, synced)
  } catch (error) {
    await close()
    throw error
  }

  if (!oneTime) {
    const { watchListing } = await import('./listing/watcher.js')
    watcher = watchListing({ path, text, clock, onChange: listing.reload })
  }

  return {
    async reload() {
      await watcher?.look()
      synchronizer.pollNow()
      hooks.after.retryNow()
      notifications?.retryNow()
    },
    async syncedOnce() {
      await (synced ?? synchronizer.syncedOnce())
      await hooks.after.idle()
      await notifications?.idle()
      const failed = synchronizer.status().filter(({ error }) => error).length
      return { failed: failed + hooks.after.failing }
    },
    close,
  }
}
