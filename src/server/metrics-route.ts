// The Prometheus metrics.
import type { FastifyInstance } from 'fastify'
import { streamed } from './streamed.js'

export interface MetricsSource {
  metrics: { render(): Iterable<string> | AsyncIterable<string>; contentType: string }
}

/** Adds GET /metrics. */
export function addMetricsRoute(app: FastifyInstance, { metrics }: MetricsSource): void {
  app.get('/metrics', (_request, reply) =>
    reply.type(metrics.contentType).send(streamed(metrics.render())),
  )
}
