// A synchronizer whose clock, remotes and workers are fakes, and a record of what it does.
import assert from 'node:assert/strict'
import { type ErrorCode, SyncError, type SyncErrorOptions } from '../../src/base/errors.js'
import type { Oid } from '../../src/git/oid.js'
import type { Entry } from '../../src/listing/entry.js'
import { parseListing } from '../../src/listing/listing.js'
import type { EntryLabels, SyncEvent } from '../../src/sync/events.js'
import type { RemoteLogin } from '../../src/sync/remote-login.js'
import type { EntryStatus } from '../../src/sync/status.js'
import { Synchronizer, type SynchronizerOptions } from '../../src/sync/synchronizer.js'
import { atEnd } from './at-end.js'
import { FakeClock } from './fake-clock.js'
import { FakeRemote } from './fake-remote.js'
import { FakeWorkers } from './fake-workers.js'
import type { TestScope } from './git.js'

export interface FakeSyncOptions {
  /** @default 0 */
  jitter?: number
  /** @default always in the middle: jitter spreads nothing */
  random?: () => number
  maxConcurrentPolls?: number
  maxConcurrentSyncs?: number
  prune?: boolean
  syncTimeoutMs?: number
  /** @default 0, which is never */
  verifyIntervalMs?: number
  clock?: FakeClock
  /** Told of each event, after it was recorded. */
  onEvent?: () => void
  preconnect?: SynchronizerOptions['preconnect']
  /** @default a back-off */
  retryMs?: () => number
}

type EventOf<T extends SyncEvent['type']> = SyncEvent & { type: T }

export const REPO = 'https://git.example.com/repo'
export const OTHER_REPO = 'https://git.example.com/other'

/** The oid of this number. */
export function oid(number: number): Oid {
  return String(number).padStart(40, '0')
}

/** A failure with a code. */
export function failure(code: ErrorCode, options?: SyncErrorOptions): SyncError {
  return new SyncError(code, `It failed with ${code}.`, options)
}

/** Entries as a listing in the folder / says; each has REPO and an interval of 60 s by default. */
export function listed(entries: readonly object[]): Entry[] {
  const full = entries.map((entry) => ({ repo: REPO, ...entry }))
  const defaults = { root: undefined, publish: 'in-place', intervalMs: 60_000 } as const
  return parseListing(JSON.stringify(full), '/', defaults)
}

/** Creates a synchronizer; after the test it is closed, and must leave nothing behind. */
export function createFakeSync(t: TestScope, options: FakeSyncOptions = {}) {
  const { jitter = 0, random = () => 0.5, clock = new FakeClock() } = options
  // The two clocks of a machine have nothing in common.
  clock.setWall(-7_777_777)
  const workers = new FakeWorkers()
  const remotes = new Map<string, FakeRemote>()
  const opened: (RemoteLogin & { path?: string })[] = []
  const events: SyncEvent[] = []
  const faults: unknown[] = []

  /** The remote at a URL, with one commit on its branch main. */
  function remote(url = REPO): FakeRemote {
    const known = remotes.get(url)
    if (known) return known
    const made = new FakeRemote()
    made.push(oid(1))
    remotes.set(url, made)
    return made
  }

  const synchronizer = new Synchronizer({
    clock,
    cadence: { jitter, random, retryMs: options.retryMs },
    observe: (event) => {
      events.push(event)
      options.onEvent?.()
    },
    workers,
    syncTimeoutMs: options.syncTimeoutMs ?? 600_000,
    graceMs: 10_000,
    verifyIntervalMs: options.verifyIntervalMs ?? 0,
    webhookPollIntervalMs: 300_000,
    stateDirectory: undefined,
    askBefore: async () => undefined,
    openLfs: () => () => [],
    openSession: (entry) => {
      opened.push(entry)
      return remote(entry.remote.url)
    },
    maxConcurrentPolls: options.maxConcurrentPolls ?? 32,
    maxConcurrentSyncs: options.maxConcurrentSyncs ?? 4,
    prune: options.prune ?? false,
    ...(options.preconnect && { preconnect: options.preconnect }),
    onError: (error) => faults.push(error),
  })

  atEnd(t, async () => {
    workers.openGates()
    for (const each of remotes.values()) {
      each.polling.open()
      each.fetching.open()
    }
    await synchronizer.close()
    assert.deepEqual(faults, [])
    assert.deepEqual(workers.overlaps, [])
    assert.equal(clock.pendingTimers, 0, 'timers are left')
  })

  return {
    synchronizer,
    clock,
    workers,
    events,
    remote,
    /** The entries for which a session was opened. */
    opened,
    /** Makes `entries` the listing, and waits for what follows at once. */
    async list(...entries: object[]) {
      const diff = synchronizer.setEntries(listed(entries))
      await clock.advance(0)
      return diff
    },
    async pollNow(): Promise<void> {
      synchronizer.pollNow()
      await clock.advance(0)
    },
    status(path = 'a'): EntryStatus {
      const status = synchronizer.status().find((each) => each.path === path)
      assert.ok(status, `${path} is not in the listing`)
      return status
    },
    /** Milliseconds until an entry is polled by itself. */
    nextPollInMs(path = 'a'): number | undefined {
      const { nextPoll } = this.status(path)
      return nextPoll === null ? undefined : Date.parse(nextPoll) - clock.wallTime()
    },
    /** The events of one type. */
    eventsOf<T extends SyncEvent['type']>(type: T): EventOf<T>[] {
      return events.filter((event): event is EventOf<T> => event.type === type)
    },
    /** Every event of an entry as `type entry`; of bytes there are as many as chunks. */
    trace(): string[] {
      const told = events.filter(isOfEntry).filter(({ type }) => type !== 'bytes-received')
      return told.map(({ type, entry }) => `${type} ${entry}`)
    },
    /** Forgets what was recorded so far. */
    forget(): void {
      for (const each of remotes.values()) {
        each.polls.length = 0
        each.fetches.length = 0
      }
      for (const record of [events, workers.calls, workers.ended, opened]) record.length = 0
    },
  }
}

export type FakeSync = ReturnType<typeof createFakeSync>

function isOfEntry(event: SyncEvent): event is Extract<SyncEvent, EntryLabels> {
  return 'entry' in event
}
