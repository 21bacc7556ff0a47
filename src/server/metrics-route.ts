// The Prometheus metrics.
import type { FastifyInstance } from 'fastify'

export interface MetricsSource {
  metrics: { render(): Promise<string>; contentType: string }
}

/** Adds GET /metrics. */
export function addMetricsRoute(app: FastifyInstance, { metrics }: MetricsSource): void {
  app.get('/metrics', async (_request, reply) => {
    return reply.type(metrics.contentType).send(await metrics.render())
  })
}
