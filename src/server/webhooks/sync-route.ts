// POST /sync: polls at once, as whoever knows a secret wishes.
import type { FastifyInstance } from 'fastify'
import { bearer } from './proofs.js'
import type { WebhookSecrets } from './secrets.js'
import { isAnySecret } from './verification.js'

export interface SyncSource {
  secrets: WebhookSecrets
  /** Polls every entry, or that of a path; returns how many there are. */
  pollNow(path?: string): number
}

/** Adds POST /sync, for all or for `?entry=PATH`: 202 before any work. */
export function addSyncRoute(app: FastifyInstance, source: SyncSource): void {
  app.post('/sync', async ({ headers, query }, reply) => {
    const { authorization } = headers
    const proof = bearer({ headers: { authorization }, secretInAddress: undefined })
    const isKnown = proof?.kind === 'secret' && isAnySecret(proof.secret, await source.secrets())
    if (!isKnown) {
      const error = 'Send one of the webhook secrets as Authorization: Bearer'
      return reply.code(401).header('www-authenticate', 'Bearer').send({ error })
    }
    const { entry } = query as { entry?: unknown }
    const path = typeof entry === 'string' ? entry : undefined
    const entries = source.pollNow(path)
    if (path === undefined || entries > 0) return reply.code(202).send({ entries })
    const error = `No entry of the listing has this path: write it as the listing does, percent-encoded; /status shows all of them`
    return reply.code(404).send({ error })
  })
}
