// The server, which is loaded late: that takes long, and what is published first does not wait for it.
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import type { Clock } from './base/clock.js'
import { SyncError } from './base/errors.js'
import { createHeldEvents } from './observe/held-events.js'
import type { Logger } from './observe/logging.js'
import type { MetricsObserver, MetricsOptions } from './observe/metrics.js'
import type { ServerOptions, ServerSource } from './server/server.js'
import { serviceUrl } from './service-url.js'
import type { Settings } from './settings.js'
import type { Observe } from './sync/events.js'

/**
 * It is loaded once a pack comes, or after this time; of a run of one time, whose end is seldom far,
 * after a longer one. In milliseconds.
 */
const UNSERVED_MS = { service: 200, oneTime: 1000 }

/** Events that tell of work which needs little of this thread from then on. */
const FIRST_WORK = /^(?:bytes-received|poll-unchanged|poll-failed|sync-)/

export interface LateServerOptions extends Omit<ServerOptions, 'clock'>, MetricsOptions {
  clock: Clock
  settings: Settings
  logger: Logger
  /** What is shown, with those metrics. */
  sourceWith: (metrics: MetricsObserver) => ServerSource
}

export interface LateServer {
  /** Hears what happens; of what was before it was loaded, metrics learn then. */
  observe: Observe
  /**
   * Listens, once the first work is under way; not where `ended` resolves before. Throws
   * `settings-invalid` where the address cannot be listened on.
   */
  listen(options: LateServerOptions, ended?: Promise<unknown>): Promise<void>
  close(): Promise<void>
}

/** Creates it; nothing of it is loaded yet. */
export function createLateServer(): LateServer {
  const held = createHeldEvents()
  let onUnderWay = () => {}
  const isUnderWay = new Promise<void>((resolve) => {
    onUnderWay = resolve
  })
  let server: FastifyInstance | undefined

  async function serve(options: LateServerOptions): Promise<void> {
    const { logger, settings, sourceWith } = options
    const { createMetrics } = await import('./observe/metrics.js')
    const metrics = createMetrics(options)
    held.release(metrics.observe)
    const { createServer } = await import('./server/server.js')
    server = createServer(sourceWith(metrics), options)
    const { httpHost: host } = settings
    const port = await listen(server, settings)
    logger.info('listening', { host, port, status: `${serviceUrl(host, port)}/status` })
  }

  return {
    observe(event) {
      held.observe(event)
      if (FIRST_WORK.test(event.type)) onUnderWay()
    },
    async listen(options, ended) {
      let hasEnded = false
      void ended?.then(() => {
        hasEnded = true
      })
      const unservedMs = ended ? UNSERVED_MS.oneTime : UNSERVED_MS.service
      await Promise.race([ended ?? isUnderWay, sleep(unservedMs)])
      if (!hasEnded) await serve(options)
    },
    async close() {
      await server?.close()
    },
  }
}

/** Returns the port. */
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
