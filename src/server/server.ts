// The HTTP server of probes, metrics and status. It only reads values; an answer
// never holds a stack trace, and open connections never delay its close.
import fastify, { type FastifyError, type FastifyInstance } from 'fastify'
import { addMetricsRoute, type MetricsSource } from './metrics-route.js'
import { addProbeRoutes, type ProbeSource } from './probe-routes.js'
import { addStatusRoute, type StatusSource } from './status-route.js'

export interface ServerSource extends ProbeSource, MetricsSource, StatusSource {}

/** Creates the server, not yet listening; `onError` is told of every fault behind a 500. */
export function createServer(
  source: ServerSource,
  onError: (error: FastifyError) => void,
): FastifyInstance {
  const app = fastify({ logger: false, forceCloseConnections: true })
  ignoreBodies(app)
  answerErrors(app, onError)
  app.addHook('onRequest', async (_request, reply) => {
    reply.header('cache-control', 'no-store')
  })
  addProbeRoutes(app, source)
  addMetricsRoute(app, source)
  addStatusRoute(app, source)
  return app
}

/** No route reads a body, so one must not turn a 404 or 405 into another answer. */
function ignoreBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, payload, done) => {
    payload.resume()
    done(null)
  })
}

function answerErrors(app: FastifyInstance, onError: (error: FastifyError) => void): void {
  app.setNotFoundHandler((request, reply) => {
    const [url = ''] = request.url.split('?')
    const isKnown = request.method !== 'GET' && app.hasRoute({ method: 'GET', url })
    if (isKnown) reply.code(405).header('allow', 'GET, HEAD').send({ error: 'method not allowed' })
    else reply.code(404).send({ error: 'not found' })
  })
  app.setErrorHandler<FastifyError>((error, _request, reply) => {
    const statusCode = error.statusCode ?? 500
    if (statusCode >= 500) onError(error)
    reply.code(statusCode).send({ error: statusCode >= 500 ? 'internal error' : 'bad request' })
  })
}
