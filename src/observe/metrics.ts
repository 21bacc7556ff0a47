// Turns events into Prometheus metrics, in a registry of their own. The number
// of series is bounded whatever remotes answer.

import { Registry } from 'prom-client'
import { type Clock, systemClock } from '../base/clock.js'
import { cutName } from '../base/cut-text.js'
import type { Shard } from '../base/shard.js'
import {
  type EntryLabels,
  isSuccess,
  type Observe,
  type SyncEvent,
  TRIGGERS,
} from '../sync/events.js'
import type { EntryStatus } from '../sync/status.js'
import { countHook, type EntryCounts, EntryMetrics } from './entry-metrics.js'
import { defineMetrics, type Metrics, PHASES } from './metric-definitions.js'
import { processMetrics } from './process-metrics.js'

/** Label sets of `remote_requests_total`; what comes on top is counted as `other`. */
const MAX_REQUEST_SERIES = 1_000
/** Of one host, which chooses the codes that it answers with. */
const MAX_HOST_SERIES = 50

type LabelledEvent = Extract<SyncEvent, EntryLabels>

export interface MetricsObserver {
  observe: Observe
  /** The Prometheus text in pieces, with what each entry is at now. */
  render(entries: Iterable<EntryStatus>): AsyncIterable<string>
  contentType: string
}

export interface MetricsOptions {
  /** @default systemClock */
  clock?: Clock
  build: { version: string; revision: string }
  /** Which of several instances this is; undefined: the only one. */
  shard?: Shard | undefined
}

/** Creates metrics that start at 0, beside those of the process. */
export function createMetrics({
  clock = systemClock,
  build,
  shard,
}: MetricsOptions): MetricsObserver {
  const registry = new Registry()
  const beginProcessMetrics = processMetrics(registry)
  const metrics = defineMetrics(registry)
  metrics.buildInfo.set({ version: build.version, revision: build.revision }, 1)
  if (shard) metrics.shardInfo.set({ index: `${shard.index}`, total: `${shard.total}` }, 1)
  for (const phase of PHASES) metrics.syncDuration.zero({ phase })
  for (const trigger of TRIGGERS) metrics.publicationLag.zero({ trigger })
  const entries = new EntryMetrics()
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
      case 'deputy-began':
      case 'deputy-ended':
      case 'listing-warned':
      case 'notice-failed':
      case 'notices-dropped':
      case 'rewrite-left':
      case 'rewrite-resumed':
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
        forgetFailures(entries.of(event.entry))
        break
      default: {
        const counts = entries.of(event.entry)
        if (!counts) return
        countEntryEvent(event, counts, metrics)
        if (event.type === 'hook-succeeded') countHook(counts, event.hook, 'succeeded')
        if (event.type === 'hook-failed') countHook(counts, event.hook, 'failed')
        if (isUnknown(event)) counts.publication = undefined
        if (event.type === 'content-found') counts.publication = publicationOf(event)
        if (isSuccess(event)) {
          counts.lastSuccess = clock.wallTime() / 1_000
          counts.consecutiveFailures = 0
          counts.publication = publicationOf(event)
        }
      }
    }
  }

  return {
    observe,
    async *render(statuses) {
      await beginProcessMetrics()
      yield await registry.metrics()
      yield* entries.render(statuses)
    },
    contentType: registry.contentType,
  }
}

/** What failed before counts no more. */
function forgetFailures(counts: EntryCounts | undefined): void {
  if (counts) counts.consecutiveFailures = 0
}

function publicationOf({ oid, ref, repo }: EntryLabels & { oid: string }) {
  return { oid, ref, repo }
}

/** Whether this instance does not know any more what is in place. */
function isUnknown({ type }: SyncEvent): boolean {
  return ['content-unknown', 'lease-lost', 'lease-awaited'].includes(type)
}

function countEntryEvent(
  event: Exclude<LabelledEvent, { type: 'entry-added' | 'entry-removed' | 'entry-changed' }>,
  counts: EntryCounts,
  metrics: Metrics,
): void {
  switch (event.type) {
    case 'poll-unchanged':
      counts.syncs.unchanged++
      countPoll('unchanged', event, counts, metrics)
      break
    case 'poll-changed':
      countPoll('changed', event, counts, metrics)
      break
    case 'sync-published':
      countPublication(event, counts, metrics)
      break
    case 'poll-failed':
    case 'sync-failed':
      countFailure(event, counts)
      break
    case 'bytes-received':
      counts.fetchedBytes += event.bytes
      break
    case 'fetch-fell-back':
      counts.fetchFallbacks++
      break
    case 'foreign-removed':
      counts.filesDeleted += event.files
      break
    case 'drift-repaired':
      counts.driftRepaired += event.paths
  }
}

function countPoll(
  result: 'unchanged' | 'changed',
  { durationMs }: { durationMs: number },
  counts: EntryCounts,
  metrics: Metrics,
): void {
  counts.polls[result]++
  metrics.syncDuration.observe({ phase: 'poll' }, durationMs / 1_000)
}

function countPublication(
  event: Extract<SyncEvent, { type: 'sync-published' }>,
  counts: EntryCounts,
  metrics: Metrics,
): void {
  const { lagMs, phases, durationMs, trigger } = event
  counts.syncs.published++
  if (trigger && lagMs !== undefined) metrics.publicationLag.observe({ trigger }, lagMs / 1_000)
  counts.filesWritten += event.filesWritten
  counts.filesDeleted += event.filesDeleted
  for (const [phase, phaseMs] of Object.entries({ ...phases, total: durationMs })) {
    metrics.syncDuration.observe({ phase }, phaseMs / 1_000)
  }
}

/** What stopped because the service stops or the entry changed did not fail. */
function countFailure(
  { attempt, error, type }: Extract<SyncEvent, { type: 'poll-failed' | 'sync-failed' }>,
  counts: EntryCounts,
): void {
  if (error.code === 'aborted') return
  if (type === 'poll-failed') counts.polls.failed++
  counts.syncs.failed++
  counts.consecutiveFailures = attempt
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
