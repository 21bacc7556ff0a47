// What keeps entries equal to their revisions, wired together: remotes, workers, hooks, and the
// synchronizer over them. Where entries come from, and who is told of what happens, is not its affair.
import { createSecureContext } from 'node:tls'
import type { Clock } from './base/clock.js'
import type { Redactor } from './base/known-secrets.js'
import { createEntryHooks, type EntryHooks } from './entry-hooks.js'
import { limitHeapGrowth } from './heap-growth.js'
import type { Entry } from './listing/entry.js'
import type { ListingDiff } from './listing/listing-diff.js'
import { tellOnce } from './observe/told-once.js'
import { createSessions, type Sessions, type SessionsOptions } from './sessions.js'
import type { Settings } from './settings.js'
import type { Observe } from './sync/events.js'
import { Synchronizer, type SynchronizerOptions } from './sync/synchronizer.js'
import { createMemoryBudget } from './thread/memory-budget.js'
import { createWorkerPool, type WorkerPool, type WorkerPoolOptions } from './worker/pool.js'

export interface MachineOptions
  extends Pick<SessionsOptions, 'logins' | 'httpFor' | 'postProxies'>,
    Pick<SynchronizerOptions, 'leaseTimes'>,
    Pick<WorkerPoolOptions, 'threads'> {
  settings: Settings
  clock: Clock
  redactor: Redactor
  /** Told of every event. */
  observe: Observe
  /** Told of faults in this program. */
  onError: (error: unknown) => void
  /** @default intervals with the jitter of the settings, and a back-off */
  cadence?: SynchronizerOptions['cadence'] | undefined
  /** Opens sessions with what opens them. @default that itself */
  opening?: ((open: Sessions['open']) => Sessions['open']) | undefined
}

export interface Machine {
  synchronizer: Synchronizer
  sessions: Sessions
  workers: WorkerPool
  hooks: Pick<EntryHooks, 'after' | 'beside'>
  /** Makes the entries these; what is `elsewhere` is listed, too, and another instance's. */
  setEntries(listed: readonly Entry[], elsewhere?: readonly Entry[]): ListingDiff
  /** Stops all work, and resolves when nothing is at work any more; sessions are left open. */
  stop(): Promise<void>
}

/** Creates the machine; it has no entries yet. */
export function createMachine(options: MachineOptions): Machine {
  const { settings, clock, leaseTimes, logins, onError, redactor, httpFor, postProxies } = options
  const observe: Observe = (event) => {
    options.observe(event)
    hooks.hear(event)
  }
  const memory = createMemoryBudget(settings.memoryBudgetBytes)
  const reached = { settings, clock, observe, redactor, memory, logins, httpFor, postProxies }
  const sessions = createSessions(reached)
  const { post } = sessions
  const hooks = createEntryHooks({ clock, post, observe, onError, environment: process.env })
  const workers = createWorkerPool({
    maxThreads: settings.maxConcurrentSyncs,
    shard: settings.shard,
    threads: options.threads,
    limits: {
      packBytes: settings.maxPackBytes,
      checkoutBytes: settings.maxCheckoutBytes,
      files: settings.maxFiles,
    },
    memory,
    timeoutMs: settings.syncTimeoutMs,
    onError,
    onSetAside: tellOnce((found) => observe({ type: 'state-set-aside', ...found })),
  })
  const { cadence = { jitter: settings.jitter, random: Math.random } } = options
  const { opening = (given) => given } = options
  const open = opening(sessions.open)
  const synchronizer = new Synchronizer({
    clock,
    cadence,
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
    oneTime: settings.oneTime,
    openSession: open,
    openLfs: sessions.lfs,
    preconnect: sessions.preconnect,
    askBefore: hooks.askBefore,
    leaseTimes,
  })
  return {
    synchronizer,
    sessions: { ...sessions, open },
    workers,
    hooks,
    setEntries(listed, elsewhere) {
      limitHeapGrowth(listed.length)
      // Node reads its root certificates for the first one: now, while nobody waits for an answer.
      if (listed.some(({ remote }) => remote.url.startsWith('https:'))) createSecureContext()
      // Before anything is told of them.
      hooks.after.setEntries(listed)
      hooks.beside.setEntries(listed)
      return synchronizer.setEntries(listed, elsewhere)
    },
    async stop() {
      // Hooks with the rest: where a sync hangs, what they have started is ended all the same.
      await Promise.all([hooks.after.close(), hooks.beside.close(), synchronizer.close()])
    },
  }
}
