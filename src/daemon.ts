// The composition root: wires listing, synchronizer, server and observers together, and starts
// and stops them. Of files of their own are how remotes are reached, sessions.ts, and what a
// change of the listing leads to, listing-in-force.ts.
import type { AddressInfo } from 'node:net'
import { createSecureContext } from 'node:tls'
import type { FastifyInstance } from 'fastify'
import { type Clock, systemClock } from './base/clock.js'
import { SyncError } from './base/errors.js'
import { createRedactor, type Redactor } from './base/known-secrets.js'
import { createEntryHooks, type EntryHooks } from './entry-hooks.js'
import type { Entry } from './listing/entry.js'
import { readListing } from './listing/listing.js'
import { type ListingWatcher, watchListing } from './listing/watcher.js'
import { createListingInForce } from './listing-in-force.js'
import { createNotifications } from './notifications.js'
import { logEvents } from './observe/log-events.js'
import type { Logger } from './observe/logging.js'
import { createMetrics } from './observe/metrics.js'
import { RecentPublications } from './observe/recent-publications.js'
import { Heartbeat } from './schedule/heartbeat.js'
import { pageReport } from './server/page/page-report.js'
import { createServer } from './server/server.js'
import { serviceUrl } from './service-url.js'
import { createSessions, type Sessions } from './sessions.js'
import { listingDefaults, type Settings } from './settings.js'
import { createStatusSource } from './status-source.js'
import type { Observe } from './sync/events.js'
import { Synchronizer, type SynchronizerOptions } from './sync/synchronizer.js'
import { createMemoryBudget } from './thread/memory-budget.js'
import { readBuild } from './version.js'
import { createWebhookSource } from './webhook-source.js'
import { createWorkerPool, type WorkerPool } from './worker/pool.js'

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
  const { listingPath: path } = settings
  const { httpHost, httpPort } = settings
  const build = readBuild()
  logger.info('git-autosync', {
    version: build.version,
    listing: path,
    // Of any free port, the line that says which one follows.
    status: httpPort === 0 ? undefined : `${serviceUrl(httpHost, httpPort)}/status`,
  })
  const defaults = listingDefaults(settings)
  const { entries, text } = await readListing(path, defaults)

  const metrics = createMetrics({ clock, build })
  const publications = new RecentPublications(clock)
  const log = logEvents(logger)
  const observe: Observe = (event) => {
    metrics.observe(event)
    publications.observe(event)
    log(event)
    hooks.hear(event)
    notifications?.hear(event)
  }
  const memory = createMemoryBudget(settings.memoryBudgetBytes)
  const onError = (error: unknown) => logger.error('fault in this program', { error })
  // Node reads its root certificates for the first one: now, while nobody waits for an answer.
  if (entries.some(({ remote }) => remote.url.startsWith('https:'))) createSecureContext()
  const sessions = createSessions({ settings, clock, observe, redactor, memory })
  const { post } = sessions
  const notified = { settings, clock, post, redactor, observe, onError }
  const notifications = createNotifications(notified)
  const hooks = createEntryHooks({ clock, post, observe, onError, environment: process.env })
  const workers = createWorkerPool({
    maxThreads: settings.maxConcurrentSyncs,
    limits: {
      packBytes: settings.maxPackBytes,
      checkoutBytes: settings.maxCheckoutBytes,
      files: settings.maxFiles,
    },
    memory,
    timeoutMs: settings.syncTimeoutMs,
    onError,
    onSetAside: (found) => observe({ type: 'state-set-aside', ...found }),
  })
  const wiring = { settings, clock, observe, onError, sessions, workers, hooks, internals }
  const synchronizer = createSynchronizer(wiring)
  const setEntries = (listed: readonly Entry[]) => {
    // Before anything is told of them.
    hooks.after.setEntries(listed)
    return synchronizer.setEntries(listed)
  }
  const inForce = { path, defaults, clock, observe, synchronizer: { setEntries } }
  const listing = createListingInForce(inForce)
  const heartbeat = new Heartbeat(clock)
  const source = createStatusSource({
    build,
    synchronizer,
    listing,
    redactor,
    hooks: hooks.after,
    clock,
  })
  const server = createServer(
    {
      ...source,
      page: () => pageReport(source.status(), publications, clock.wallTime()),
      heartbeatAgeMs: () => heartbeat.ageMs,
      heartbeatLimitMs: HEARTBEAT_LIMIT_MS,
      isExhausted: () => workers.isExhausted(),
      metrics: { ...metrics, render: () => metrics.render(synchronizer.status()) },
      webhooks: createWebhookSource({ settings, clock, observe, redactor, synchronizer }),
    },
    { clock, maxConnections: settings.maxConnections, onError },
  )
  let watcher: ListingWatcher | undefined
  async function close(): Promise<void> {
    // Hooks with the rest: where a sync hangs, what they have started is ended all the same.
    const told = [hooks.after.close(), notifications?.close()]
    await Promise.all([watcher?.close(), synchronizer.close(), server.close(), ...told])
    heartbeat.stop()
    await sessions.close()
  }

  // Before it listens: without entries, a probe would find every one of them in place.
  listing.apply(entries)
  try {
    const port = await listen(server, settings)
    logger.info('listening', {
      host: httpHost,
      port,
      status: `${serviceUrl(httpHost, port)}/status`,
    })
  } catch (error) {
    await close()
    throw error
  }

  if (!settings.oneTime) {
    watcher = watchListing({ path, text, clock, onChange: (read) => listing.reload(read) })
  }

  return {
    async reload() {
      await watcher?.look()
      synchronizer.pollNow()
      hooks.after.retryNow()
      notifications?.retryNow()
    },
    async syncedOnce() {
      await synchronizer.syncedOnce()
      await hooks.after.idle()
      await notifications?.idle()
      const failed = synchronizer.status().filter(({ error }) => error).length
      return { failed: failed + hooks.after.failing }
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

interface Wiring {
  settings: Settings
  clock: Clock
  observe: Observe
  onError: (error: unknown) => void
  sessions: Sessions
  workers: WorkerPool
  hooks: EntryHooks
  internals: Pick<SynchronizerOptions, 'leaseTimes'>
}

function createSynchronizer(wiring: Wiring): Synchronizer {
  const { settings, clock, observe, onError, sessions, workers, hooks, internals } = wiring
  return new Synchronizer({
    clock,
    cadence: { jitter: settings.jitter, random: Math.random },
    observe,
    onError,
    workers,
    syncTimeoutMs: settings.syncTimeoutMs,
    graceMs: settings.worktreeGracePeriodMs,
    webhookPollIntervalMs: settings.webhookPollIntervalMs,
    verifyIntervalMs: settings.verifyIntervalMs,
    stateDirectory: settings.stateDir,
    root: settings.root,
    maxConcurrentPolls: settings.maxConcurrentPolls,
    maxConcurrentSyncs: settings.maxConcurrentSyncs,
    prune: settings.prune,
    openSession: sessions.open,
    openLfs: sessions.lfs,
    askBefore: hooks.askBefore,
    ...internals,
  })
}
