// What all that may announce something goes through: who asks too often is refused, and how each
// request ended is told.
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Clock } from '../../base/clock.js'
import type { Observe } from '../../sync/events.js'
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
  work: () => Promise<Taken>,
) => Promise<FastifyReply>

/** What one address may send: more than the pushes of a large organisation. */
const LIMITS = { burst: 200, perSecond: 100 }

/** Creates the door; what goes through one is counted together. */
export function createDoor({ clock, observe }: DoorSource): Door {
  const buckets = new TokenBuckets({ clock, ...LIMITS })
  return async ({ request, reply, provider }, work) => {
    const told = (result: WebhookResult, fault?: string) =>
      observe({ type: 'webhook-received', provider, result, fault })
    try {
      if (!buckets.take(request.ip)) {
        throw new Refusal('throttled', 'Too many requests from one address: send it again later')
      }
      const { result, status, body } = await work()
      told(result)
      return reply.code(status).send(body)
    } catch (error) {
      if (error instanceof SenderGone) return reply.hijack()
      if (!(error instanceof Refusal)) throw error
      told(error.result, error.message)
      // The rest of it is not waited for.
      if (error.result === 'too-large') reply.header('connection', 'close')
      if (error.result === 'unauthorized') reply.header('www-authenticate', 'Bearer')
      return reply.code(error.status).send({ error: error.message })
    }
  }
}
