// What all that may announce something goes through: who asks too often without a secret is refused,
// and how each request ended is told.
import type { IncomingMessage } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Clock } from '../../base/clock.js'
import type { Observe } from '../../sync/events.js'
import { Allowance, tooManyRefusals } from './allowance.js'
import { SenderGone } from './reception.js'
import { Refusal, type WebhookResult } from './refusal.js'
import { TokenBuckets } from './token-bucket.js'

export interface DoorSource {
  clock: Clock
  observe: Observe
}

/** How a request that is not refused is answered. */
export interface Taken {
  result: WebhookResult
  status: number
  body: object
}

/** Answers a request of `provider` as `work` says; a {@link Refusal} that it throws, as that says. */
export type Door = (
  asked: { request: FastifyRequest; reply: FastifyReply; provider: string },
  work: (allowance: Allowance) => Promise<Taken>,
) => Promise<FastifyReply>

/** What one address may send that shows no secret. */
const LIMITS = { burst: 200, perSecond: 100 }
/** What is left of a body after its refusal is read, so that the connection stays; not more, in bytes. */
const MAX_DRAINED_BYTES = 64 * 1024

/** Creates the door; what goes through one is counted together. */
export function createDoor({ clock, observe }: DoorSource): Door {
  const buckets = new TokenBuckets({ clock, ...LIMITS })
  return async ({ request, reply, provider }, work) => {
    const told = (result: WebhookResult, fault?: string) =>
      observe({ type: 'webhook-received', provider, result, fault })
    const allowance = new Allowance(buckets, request.ip)
    try {
      const { result, status, body } = await work(allowance)
      told(result)
      return reply.code(status).send(body)
    } catch (error) {
      if (error instanceof SenderGone) return reply.hijack()
      if (!(error instanceof Refusal)) throw error
      const { result, message, status } = allowance.isExceeded ? tooManyRefusals() : error
      told(result, message)
      if (isLong(request.raw)) reply.header('connection', 'close')
      if (result === 'unauthorized') reply.header('www-authenticate', 'Bearer')
      return reply.code(status).send({ error: message })
    }
  }
}

/** Whether much of a body is still to come, or nobody knows how much. */
function isLong({ complete, headers }: IncomingMessage): boolean {
  const length = Number(headers['content-length'] ?? Number.POSITIVE_INFINITY)
  return !complete && length > MAX_DRAINED_BYTES
}
