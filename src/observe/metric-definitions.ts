// The name, help and labels of every metric that is none of entries, which entry-metrics.ts has. Names
// and labels are the contract with dashboards; only `host` grows in number.
import { Counter, Gauge, Histogram, type Registry } from 'prom-client'

/** How a poll can end. */
export const POLL_RESULTS = ['unchanged', 'changed', 'failed'] as const

/** How one cycle of an entry, from poll to publication, can end. */
export const SYNC_RESULTS = ['unchanged', 'published', 'failed'] as const

/** How one attempt of a hook can end. */
export const HOOK_RESULTS = ['succeeded', 'failed'] as const

/** What one sync spends its time on. */
export const PHASES = ['poll', 'fetch', 'unpack', 'publish', 'total'] as const

/** From 5 milliseconds to 10 minutes. */
const DURATION_BUCKETS_SECONDS = [
  0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600,
]

export type Metrics = ReturnType<typeof defineMetrics>

/** Registers every metric with `registry`, and with no other. */
export function defineMetrics(registry: Registry) {
  const registers = [registry]
  const gauge = <L extends string>(name: string, help: string, ...labelNames: L[]) =>
    new Gauge({ name: `git_autosync_${name}`, help, labelNames, registers })
  const counter = <L extends string>(name: string, help: string, ...labelNames: L[]) =>
    new Counter({ name: `git_autosync_${name}`, help, labelNames, registers })

  return {
    buildInfo: gauge('build_info', 'Which program this is, as labels.', 'version', 'revision'),
    shardInfo: gauge(
      'shard_info',
      'Which of how many instances this is, as labels.',
      'index',
      'total',
    ),
    listingValid: gauge('listing_valid', '1 while the listing on disk is valid and in force.'),
    listingEntries: gauge('listing_entries', 'Entries of the listing in force.'),
    listingReload: gauge('listing_reload_timestamp_seconds', 'When the listing was last loaded.'),
    syncDuration: new Histogram({
      name: 'git_autosync_sync_duration_seconds',
      help: 'How long the phases of polls and syncs that succeeded took.',
      labelNames: ['phase'],
      buckets: DURATION_BUCKETS_SECONDS,
      registers,
    }),
    publicationLag: new Histogram({
      name: 'git_autosync_publication_lag_seconds',
      help: 'From the announcement of a commit by a webhook, or the start of the poll that found it, to its publication.',
      labelNames: ['trigger'],
      buckets: DURATION_BUCKETS_SECONDS,
      registers,
    }),
    webhooks: counter(
      'webhooks_total',
      'Webhooks that came, by what they came to.',
      'provider',
      'result',
    ),
    remoteRequests: counter(
      'remote_requests_total',
      'Requests to remotes; the code is an HTTP status, or an error code where none came.',
      'host',
      'service',
      'code',
    ),
  }
}
