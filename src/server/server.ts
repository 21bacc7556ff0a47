// The HTTP server of probes, metrics, status, the page and webhooks. Without a secret of webhooks
// it only reads values; an answer never holds a stack trace, and open connections never delay its
// close.
import fastify, { type FastifyError, type FastifyInstance } from 'fastify'
import type { Clock } from '../base/clock.js'
import { limitConnections } from './connection-limit.js'
import { addMetricsRoute, type MetricsSource } from './metrics-route.js'
import { addEventsRoute } from './page/events-route.js'
import { addPageRoute, type PageSource } from './page/page-route.js'
import { addProbeRoutes, type ProbeSource } from './probe-routes.js'
import { addStatusRoute, type StatusSource } from './status-route.js'
import { createDoor } from './webhooks/door.js'
import { addSyncRoute, type SyncSource } from './webhooks/sync-route.js'
import { addWebhookRoute, type WebhookSource } from './webhooks/webhook-route.js'

export interface ServerSource extends ProbeSource, MetricsSource, StatusSource, PageSource {
  /** Undefined where nobody may announce anything: no route of them is there. */
  webhooks?: (WebhookSource & SyncSource) | undefined
}

export interface ServerOptions {
  clock: Pick<Clock, 'schedule'>
  /** How many connections there may be at once. */
  maxConnections: number
  /** Told of every fault behind a 500. */
  onError: (error: FastifyError) => void
}

/** How long the head of a request may take to arrive, in milliseconds: it is a few hundred bytes. */
const HEAD_TIMEOUT_MS = 10_000
/** How long all of it may take: a webhook may have 25 MiB. */
const REQUEST_TIMEOUT_MS = 60_000
/** How often both are looked at, in milliseconds. */
const TIMEOUT_CHECK_MS = 2_000
/** How long a connection is kept for the next request: more than Prometheus waits by default. */
const KEEP_ALIVE_MS = 65_000
/** How long nothing may move on a connection while an answer is read, in milliseconds. */
const STALLED_ANSWER_MS = 60_000

const noSchema = () => {
  throw new TypeError('No route has a schema.')
}
/** Their compilers are not loaded. */
const NO_SCHEMAS = { buildValidator: noSchema, buildSerializer: noSchema }

/** Creates the server, not yet listening. */
export function createServer(
  source: ServerSource,
  { clock, maxConnections, onError }: ServerOptions,
): FastifyInstance {
  const app = fastify({
    logger: false,
    forceCloseConnections: true,
    schemaController: { compilersFactory: NO_SCHEMAS },
    connectionTimeout: STALLED_ANSWER_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    http: {
      headersTimeout: HEAD_TIMEOUT_MS,
      connectionsCheckingInterval: TIMEOUT_CHECK_MS,
    },
  })
  limitConnections(app.server, maxConnections)
  ignoreBodies(app)
  answerErrors(app, onError)
  app.addHook('onRequest', async (_request, reply) => {
    reply.header('cache-control', 'no-store')
  })
  addProbeRoutes(app, source)
  addMetricsRoute(app, source)
  addStatusRoute(app, source)
  addPageRoute(app, source)
  addEventsRoute(app, source, { clock, maxConnections })
  const { webhooks } = source
  if (webhooks) {
    const door = createDoor(webhooks)
    addSyncRoute(app, webhooks, door)
    void app.register(async (scope) => {
      takeBodies(scope)
      addWebhookRoute(scope, webhooks, { door, maxConnections })
    })
  }
  return app
}

/** Of the other routes none reads a body, so one must not turn a 404 or 405 into another answer. */
function ignoreBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, payload, done) => {
    payload.resume()
    done(null)
  })
}

/** A route reads the body by itself. */
function takeBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, _payload, done) => done(null))
}

function answerErrors(app: FastifyInstance, onError: (error: FastifyError) => void): void {
  app.setNotFoundHandler((request, reply) => {
    const [url = ''] = request.url.split('?')
    const allowed = ['GET', 'HEAD', 'POST'].filter((method) => app.hasRoute({ method, url }))
    if (allowed.length === 0) return reply.code(404).send({ error: 'not found' })
    return reply.code(405).header('allow', allowed.join(', ')).send({ error: 'method not allowed' })
  })
  app.setErrorHandler<FastifyError>((error, _request, reply) => {
    const statusCode = error.statusCode ?? 500
    if (statusCode >= 500) onError(error)
    reply.code(statusCode).send({ error: statusCode >= 500 ? 'internal error' : 'bad request' })
  })
}
