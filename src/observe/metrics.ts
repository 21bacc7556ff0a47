// Turns events into Prometheus metrics, in a registry of their own. The number
// of series is bounded whatever remotes answer.

import { setImmediate as nextTurn } from 'node:timers/promises'
import { Counter, collectDefaultMetrics, Gauge, type Metric, Registry } from 'prom-client'
import { type Clock, systemClock } from '../base/clock.js'
import { cutName } from '../base/cut-text.js'
import {
  type EntryLabels,
  isSuccess,
  type Observe,
  type SyncEvent,
  TRIGGERS,
} from '../sync/events.js'
import type { EntryStatus } from '../sync/status.js'
import { EntryMetrics } from './entry-metrics.js'
import { defineMetrics, type Metrics, PHASES } from './metric-definitions.js'

/** Label sets of `remote_requests_total`; what comes on top is counted as `other`. */
const MAX_REQUEST_SERIES = 1_000
/** Of one host, which chooses the codes that it answers with. */
const MAX_HOST_SERIES = 50
/** How many entries get their series before others have a turn. */
const ENTRIES_A_TURN = 100
/** And how many values of one metric are written. */
const VALUES_A_TURN = 1_000

type LabelledEvent = Extract<SyncEvent, EntryLabels>

export interface MetricsObserver {
  observe: Observe
  /** The Prometheus text, with what each entry is at now. */
  render(entries: Iterable<EntryStatus>): Promise<string>
  contentType: string
}

export interface MetricsOptions {
  /** @default systemClock */
  clock?: Clock
  build: { version: string; revision: string }
}

/** Creates metrics that start at 0, and the process metrics of prom-client under their own names. */
export function createMetrics({ clock = systemClock, build }: MetricsOptions): MetricsObserver {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const metrics = defineMetrics(registry)
  metrics.buildInfo.set({ version: build.version, revision: build.revision }, 1)
  for (const phase of PHASES) metrics.syncDuration.zero({ phase })
  for (const trigger of TRIGGERS) metrics.publicationLag.zero({ trigger })
  const entries = new EntryMetrics(metrics)
  const countRequest = createRequestCounter(metrics)

  const observe: Observe = (event) => {
    switch (event.type) {
      case 'listing-loaded':
        metrics.listingValid.set(1)
        metrics.listingEntries.set(event.entries)
        metrics.listingReload.set(clock.wallTime() / 1_000)
        break
      case 'listing-rejected':
        metrics.listingValid.set(0)
        break
      case 'remote-requested':
        countRequest(event)
        break
      case 'webhook-received': {
        const { provider, result } = event
        metrics.webhooks.inc({ provider, result })
        break
      }
      case 'credentials-exposed':
      case 'credentials-rejected':
      case 'listing-warned':
      case 'notice-failed':
      case 'notices-dropped':
      case 'state-set-aside':
      case 'webhook-secrets-rejected':
        break
      case 'entry-added':
        entries.add(event)
        break
      case 'entry-removed':
        entries.remove(event)
        break
      case 'entry-changed':
        entries.forgetFailures(event)
        break
      default:
        if (!entries.has(event.entry)) return
        entries.ensure(event.entry)
        countEntryEvent(event, metrics)
        if (event.type === 'hook-succeeded') entries.countHook(event, 'succeeded')
        if (event.type === 'hook-failed') entries.countHook(event, 'failed')
        if (isUnknown(event)) entries.removePublication(event)
        if (event.type === 'content-found') entries.setPublication(event, event.oid)
        if (isSuccess(event)) entries.setSuccess(event, event.oid, clock.wallTime())
    }
  }

  return {
    observe,
    render: (statuses) => render(registry, entries, statuses),
    contentType: registry.contentType,
  }
}

/** Whether this instance does not know any more what is in place. */
function isUnknown({ type }: SyncEvent): boolean {
  return ['content-unknown', 'lease-lost', 'lease-awaited'].includes(type)
}

/** With pauses: the text of a thousand entries is long. */
async function render(
  registry: Registry,
  entries: EntryMetrics,
  statuses: Iterable<EntryStatus>,
): Promise<string> {
  let made = 0
  for (const entry of entries.withoutSeries) {
    entries.ensure(entry)
    if (++made % ENTRIES_A_TURN === 0) await nextTurn()
  }
  for (const status of statuses) {
    entries.show(status)
    if (++made % ENTRIES_A_TURN === 0) await nextTurn()
  }
  const texts: string[] = []
  for (const { name } of registry.getMetricsAsArray()) {
    texts.push(await textOf(registry, name))
    await nextTurn()
  }
  return `${texts.join('\n\n')}\n`
}

async function textOf(registry: Registry, name: string): Promise<string> {
  const metric = registry.getSingleMetric(name)
  // The values of others are not those that they write.
  const isPlain = metric instanceof Gauge || metric instanceof Counter
  if (!isPlain) return registry.getSingleMetricAsString(name)
  // Once: some are measured anew since they were asked for last.
  const whole = await metric.get()
  const texts: string[] = []
  for (let at = 0; at === 0 || at < whole.values.length; at += VALUES_A_TURN) {
    const part = new Registry()
    const values = whole.values.slice(at, at + VALUES_A_TURN)
    // A registry asks nothing else of a metric, whose class would collect it anew.
    part.registerMetric({ name, get: async () => ({ ...whole, values }) } as unknown as Metric)
    const text = await part.getSingleMetricAsString(name)
    // What it is and is for was said at its first part.
    texts.push(at === 0 ? text : text.split('\n').slice(2).join('\n'))
    await nextTurn()
  }
  return texts.join('\n')
}

function countEntryEvent(
  event: Exclude<LabelledEvent, { type: 'entry-added' | 'entry-removed' | 'entry-changed' }>,
  metrics: Metrics,
): void {
  const { entry } = event
  switch (event.type) {
    case 'poll-unchanged':
      metrics.syncs.inc({ entry, result: 'unchanged' })
      countPoll('unchanged', event, metrics)
      break
    case 'poll-changed':
      countPoll('changed', event, metrics)
      break
    case 'sync-published':
      countPublication(event, metrics)
      break
    case 'poll-failed':
    case 'sync-failed':
      countFailure(event, metrics)
      break
    case 'bytes-received':
      metrics.fetchedBytes.inc({ entry }, event.bytes)
      break
    case 'fetch-fell-back':
      metrics.fetchFallbacks.inc({ entry })
      break
    case 'foreign-removed':
      metrics.filesDeleted.inc({ entry }, event.files)
      break
    case 'drift-repaired':
      metrics.driftRepaired.inc({ entry }, event.paths)
  }
}

function countPoll(
  result: 'unchanged' | 'changed',
  { entry, durationMs }: { entry: string; durationMs: number },
  metrics: Metrics,
): void {
  metrics.polls.inc({ entry, result })
  metrics.syncDuration.observe({ phase: 'poll' }, durationMs / 1_000)
}

function countPublication(
  event: Extract<SyncEvent, { type: 'sync-published' }>,
  metrics: Metrics,
): void {
  const { entry, lagMs, phases, durationMs, trigger } = event
  metrics.syncs.inc({ entry, result: 'published' })
  if (trigger && lagMs !== undefined) metrics.publicationLag.observe({ trigger }, lagMs / 1_000)
  metrics.filesWritten.inc({ entry }, event.filesWritten)
  metrics.filesDeleted.inc({ entry }, event.filesDeleted)
  for (const [phase, phaseMs] of Object.entries({ ...phases, total: durationMs })) {
    metrics.syncDuration.observe({ phase }, phaseMs / 1_000)
  }
}

/** What stopped because the service stops or the entry changed did not fail. */
function countFailure(
  event: Extract<SyncEvent, { type: 'poll-failed' | 'sync-failed' }>,
  metrics: Metrics,
): void {
  const { entry, error, attempt } = event
  if (error.code === 'aborted') return
  if (event.type === 'poll-failed') metrics.polls.inc({ entry, result: 'failed' })
  metrics.syncs.inc({ entry, result: 'failed' })
  metrics.consecutiveFailures.set({ entry }, attempt)
}

function createRequestCounter({ remoteRequests }: Metrics) {
  const known = new Set<string>()
  const counts = new Map<string, number>()
  return (request: { host: string; service: string; code: string }) => {
    const labels = { ...request, host: cutName(request.host) }
    const { host, service, code } = labels
    const key = JSON.stringify([host, service, code])
    const count = counts.get(host) ?? 0
    if (!known.has(key) && known.size < MAX_REQUEST_SERIES && count < MAX_HOST_SERIES) {
      known.add(key)
      counts.set(host, count + 1)
    }
    if (known.has(key)) remoteRequests.inc({ host, service, code })
    else remoteRequests.inc({ host: 'other', service: 'other', code: 'other' })
  }
}
