// What git-sync serves where --http-bind says: readiness, and what its flags ask for beside that.
import { systemClock } from '../../base/clock.js'
import type { Redactor } from '../../base/known-secrets.js'
import type { SyncEvent } from '../../sync/events.js'
import type { EntryStatus } from '../../sync/status.js'
import { readBuild } from '../../version.js'
import type { SyncCounts } from './counts.js'
import { shownFlags } from './help.js'
import { metricsRoute, type Route, serve } from './http.js'
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
  const { counts, isReady, log, options, status } = serving
  const { httpBind, httpMetrics, httpPprof } = options
  const metrics = httpMetrics ? await loadMetrics() : undefined
  const routes = await routesOf(serving)
  if (metrics) {
    routes.push(
      metricsRoute(async () => {
        let text = counts.render()
        for await (const piece of metrics.render(status())) text += piece
        return text
      }),
    )
  }
  await serve(httpBind, isReady, routes, (error) =>
    log.named('http').error('failed to answer', error),
  )
  const reasons = ['liveness', httpMetrics && 'metrics', httpPprof && 'pprof'].filter(Boolean)
  log.info(0, 'serving HTTP', { endpoint: httpBind, reasons })
  return (event) => metrics?.observe(event)
}

/** What is served beside metrics. */
async function routesOf({ log, options, redactor, syncNow }: Serving): Promise<Route[]> {
  const { httpPprof, httpSyncSecretFile } = options
  const routes: Route[] = []
  if (httpPprof) {
    const { pprofRoute } = await import('./pprof.js')
    routes.push(pprofRoute(() => redactor.redact(['git-sync', ...shownFlags(options)].join('\0'))))
  }
  if (httpSyncSecretFile) {
    const { syncRoute } = await import('./sync-route.js')
    const told = {
      onSecret: (secret: string) => redactor.add(secret),
      onFault: (error: unknown) => log.named('http').error('--http-sync-secret-file', error),
    }
    routes.push(syncRoute(httpSyncSecretFile, told, syncNow))
  }
  return routes
}

async function loadMetrics() {
  const { createMetrics } = await import('../../observe/metrics.js')
  return createMetrics({ clock: systemClock, build: readBuild() })
}
