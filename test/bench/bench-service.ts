// The program as users run it, for a scenario: what it publishes, how long that took by
// its own log, and what it costs.
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { TestScope } from '../helpers/at-end.js'
import {
  type LogLine,
  type Service,
  startService,
  until,
  writeListing,
} from '../helpers/service.js'
import { untilAtRest } from './proc.js'

export interface BenchService {
  readonly pid: number
  readonly url: string
  /** Replaces the listing; it takes effect by itself. */
  list(entries: readonly object[]): void
  /** Replaces the listing; milliseconds until it is in force. */
  reloadMs(entries: readonly object[]): Promise<number>
  /** Asks for a route; milliseconds until all of the answer is there, and its bytes. */
  answerMs(route: string): Promise<{ answerMs: number; bytes: number }>
  /** Polls every remote now. */
  pollNow(): void
  /** Waits until an entry's commit is published; milliseconds from the start of its poll. */
  publishedMs(entry: string, oid: string): Promise<number>
  /** Waits until an entry's commit is published; when it was, milliseconds since the epoch. */
  publishedAt(entry: string, oid: string): Promise<number>
  /** Waits until so many entries were published since the start. */
  untilPublications(count: number): Promise<void>
  /** Waits until a listing of `count` entries is taken on, all have content, and it rests. */
  untilAllPublished(count: number): Promise<void>
  /** Whether every entry was polled at `timeMs`, milliseconds since the epoch, or later. */
  isPolledSince(timeMs: number): Promise<boolean>
  untilAtRest(): Promise<void>
  /** The longest delay of the event loop since the last call, in milliseconds. */
  longestDelayMs(): Promise<number>
  stop(): Promise<void>
}

export interface BenchServiceOptions {
  /** Of the listing, and of relative paths in it. */
  directory: string
  scope: TestScope
  /** @default {} */
  settings?: Record<string, string>
  /** Whether its metrics are asked for, which has it measure itself. @default true */
  isScraped?: boolean
}

const PUBLISH_PATIENCE_MS = 5 * 60_000
/** Thousands of first publications take as long as they take. */
const MANY_PATIENCE_MS = 20 * 60_000
/** A look costs time that is ours. */
const LOOK_INTERVAL_MS = 200
const DELAY_METRIC = 'nodejs_eventloop_lag_max_seconds'

/** Starts the program with an empty listing; it polls at a signal, and logs each poll. */
export async function startBenchService(options: BenchServiceOptions): Promise<BenchService> {
  const { directory, isScraped = true, scope, settings = {} } = options
  const listingPath = path.join(directory, 'listing.json')
  writeListing(listingPath, [])
  const service = await startService(scope, {
    listingPath,
    settings: { SCRAPE_INTERVAL: '1h', ...settings },
    execArgv: [],
  })
  const { pid } = service.process
  if (pid === undefined) throw new Error('The service has no process')
  const bench: BenchService = {
    pid,
    url: service.url,
    list: (entries) => writeListing(listingPath, entries),
    async reloadMs(entries) {
      const startedAt = Date.now()
      const { length } = service.logs
      writeListing(listingPath, entries)
      const loaded = await until(
        () => service.logs.slice(length).find(({ message }) => message === 'listing loaded'),
        'the listing is loaded again',
      )
      return timeOf(loaded) - startedAt
    },
    async answerMs(route) {
      const startedAt = performance.now()
      const { body, status } = await service.get(route)
      if (status !== 200) throw new Error(`${route} answers ${status}`)
      return { answerMs: performance.now() - startedAt, bytes: body.length }
    },
    pollNow: () => service.signal('SIGHUP'),
    publishedMs: (entry, oid) => publishedMs(service, entry, oid),
    publishedAt: async (entry, oid) => timeOf(await untilPublished(service, entry, oid)),
    async untilPublications(count) {
      await until(
        async () => {
          await sleep(LOOK_INTERVAL_MS)
          assertNoneFails(service)
          return service.logs.filter(({ message }) => message === 'published').length >= count
        },
        `${count} entries are published`,
        MANY_PATIENCE_MS,
      )
    },
    async untilAllPublished(count) {
      await until(() => isLoaded(service, count), `a listing of ${count} entries is loaded`)
      await until(
        async () => {
          await sleep(LOOK_INTERVAL_MS)
          assertNoneFails(service)
          return (await service.get('/readyz')).status === 200
        },
        `every one of ${count} entries is published`,
        PUBLISH_PATIENCE_MS,
      )
      await untilAtRest(pid)
    },
    async isPolledSince(timeMs) {
      const { entries } = await service.status()
      return entries.every(({ lastPolled }) => Date.parse(lastPolled ?? '') >= timeMs)
    },
    untilAtRest: () => untilAtRest(pid),
    async longestDelayMs() {
      const seconds = await service.metric(DELAY_METRIC)
      if (seconds === undefined) throw new Error(`/metrics has no ${DELAY_METRIC}`)
      return seconds * 1000
    },
    async stop() {
      await service.stop()
    },
  }
  // The metric is reset by being read: what starting took does not count.
  if (isScraped) await bench.longestDelayMs()
  return bench
}

async function publishedMs(service: Service, entry: string, oid: string): Promise<number> {
  const published = await untilPublished(service, entry, oid)
  const polled = lineOf(service, 'new revision found', entry, oid)
  if (!polled) throw new Error(`no line tells of the poll that found ${oid} for ${entry}`)
  return timeOf(published) - (timeOf(polled) - Number(polled['durationMs']))
}

function untilPublished(service: Service, entry: string, oid: string): Promise<LogLine> {
  return until(
    () => {
      assertNoneFails(service)
      return lineOf(service, 'published', entry, oid)
    },
    `${entry} shows ${oid}`,
    PUBLISH_PATIENCE_MS,
  )
}

function lineOf({ logs }: Service, message: string, entry: string, oid: string) {
  return logs.findLast(
    (line) => line.message === message && line['entry'] === entry && line['oid'] === oid,
  )
}

/** One failure may be mended by the next attempt; a row of them will not be. */
function assertNoneFails(service: Service): void {
  const failure = service.logs.find(({ attempt, errorCode }) => errorCode && Number(attempt) > 2)
  if (failure) throw new Error(`the service fails: ${JSON.stringify(failure).slice(0, 1000)}`)
}

function isLoaded(service: Service, count: number): boolean {
  const last = service.logs.findLast(({ message }) => message.startsWith('listing loaded'))
  return last?.['entries'] === count
}

function timeOf(line: LogLine): number {
  return Date.parse(String(line['timestamp']))
}
