// The probes. None of them fails because a remote is down.
import type { FastifyInstance, FastifyReply } from 'fastify'

export interface ProbeSource {
  /** Milliseconds since the scheduler last showed that it lives. */
  heartbeatAgeMs(): number
  heartbeatLimitMs: number
  /** Whether so many threads hang in calls of a volume that no work can be done any more. */
  isExhausted(): boolean
  /** Paths of the required entries that have no content in place, until none is left once. */
  starting(): string[]
  /** Paths of the required entries that should have content in place by now, and have none. */
  missing(): string[]
  /** By the paths of required entries that another instance publishes: which one. */
  waiting(): Record<string, string>
}

/** Adds GET /healthz (also as /livez), /startupz and /readyz: 200, or 503 with the reason. */
export function addProbeRoutes(app: FastifyInstance, source: ProbeSource): void {
  for (const route of ['/healthz', '/livez']) {
    app.get(route, (_request, reply) => {
      const heartbeatAgeMs = source.heartbeatAgeMs()
      if (heartbeatAgeMs > source.heartbeatLimitMs) {
        return unavailable(reply, { status: 'stalled', heartbeatAgeMs })
      }
      if (source.isExhausted()) return unavailable(reply, { status: 'volume-hangs' })
      return ok(reply)
    })
  }
  app.get('/startupz', (_request, reply) => {
    const missing = source.starting()
    return missing.length === 0 ? ok(reply) : unavailable(reply, { status: 'starting', missing })
  })
  app.get('/readyz', (_request, reply) => {
    const missing = source.missing()
    const waiting = source.waiting()
    const isWaiting = Object.keys(waiting).length > 0
    if (missing.length === 0 && !isWaiting) return ok(reply)
    return unavailable(reply, { status: 'not ready', missing, ...(isWaiting && { waiting }) })
  })
}

function ok(reply: FastifyReply): FastifyReply {
  return reply.send({ status: 'ok' })
}

function unavailable(reply: FastifyReply, reason: Record<string, unknown>): FastifyReply {
  return reply.code(503).send(reason)
}
