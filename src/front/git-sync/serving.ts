// What git-sync serves where --http-bind says: readiness, and what its flags ask for beside that.
import { systemClock } from '../../base/clock.js'
import type { Redactor } from '../../base/known-secrets.js'
import type { MetricsObserver } from '../../observe/metrics.js'
import type { SyncEvent } from '../../sync/events.js'
import type { EntryStatus } from '../../sync/status.js'
import { readBuild } from '../../version.js'
import type { SyncCounts } from './counts.js'
import { shownFlags } from './help.js'
import { metricsRoutes, type Routes, serve } from './http.js'
import type { GitSyncLog } from './log.js'
import type { Options } from './options.js'

/** What is served, and who is told. */
export interface Serving {
  options: Options
  log: GitSyncLog
  redactor: Redactor
  counts: SyncCounts
  status: () => EntryStatus[]
  syncNow: () => void
  isReady: () => boolean
}

/** Serves. Returns what is to hear of events, for metrics. Throws where it cannot. */
export async function startServing(serving: Serving): Promise<(event: SyncEvent) => void> {
  const { isReady, log, options } = serving
  const { httpBind, httpMetrics, httpPprof } = options
  const metrics = httpMetrics ? await loadMetrics() : undefined
  const told = log.named('http')
  const routes = {
    ...(metrics && metricsRoutes(() => render(metrics, serving))),
    ...(httpPprof && (await loadPprof(serving))),
    ...(options.httpSyncSecretFile && (await loadSync(serving, told))),
  }
  await serve(httpBind, isReady, routes, (error) => told.error('failed to answer', error))
  const reasons = ['liveness', httpMetrics && 'metrics', httpPprof && 'pprof'].filter(Boolean)
  log.info(0, 'serving HTTP', { endpoint: httpBind, reasons })
  return (event) => metrics?.observe(event)
}

/** The old names, then those of the machine. */
async function render(metrics: MetricsObserver, { counts, status }: Serving): Promise<string> {
  let text = counts.render()
  for await (const piece of metrics.render(status())) text += piece
  return text
}

async function loadPprof({ options, redactor }: Serving): Promise<Routes> {
  const { pprofRoutes } = await import('./pprof.js')
  return pprofRoutes(() => redactor.redact(['git-sync', ...shownFlags(options)].join('\0')))
}

async function loadSync({ options, redactor, syncNow }: Serving, log: GitSyncLog): Promise<Routes> {
  const { syncRoutes } = await import('./sync-route.js')
  const told = {
    onSecret: (secret: string) => redactor.add(secret),
    onFault: (error: unknown) => log.error('--http-sync-secret-file', error),
  }
  return syncRoutes(options.httpSyncSecretFile, told, syncNow)
}

async function loadMetrics(): Promise<MetricsObserver> {
  const { createMetrics } = await import('../../observe/metrics.js')
  return createMetrics({ clock: systemClock, build: readBuild() })
}
