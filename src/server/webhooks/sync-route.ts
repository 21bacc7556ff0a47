// POST /sync: polls at once, as whoever knows a secret wishes.
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Allowance } from './allowance.js'
import type { Door, Taken } from './door.js'
import { bearer } from './proofs.js'
import { Refusal } from './refusal.js'
import { neededSecrets, type WebhookSecrets } from './secrets.js'
import { isAnySecret } from './verification.js'

export interface SyncSource {
  secrets: WebhookSecrets
  /** Polls every entry, or that of a path; returns how many there are. */
  pollNow(path?: string): number
}

/** Adds POST /sync, for all or for `?entry=PATH`: 202 before any work. */
export function addSyncRoute(app: FastifyInstance, source: SyncSource, door: Door): void {
  app.post('/sync', (request, reply) =>
    door({ request, reply, provider: 'sync' }, (allowance) => poll(request, source, allowance)),
  )
}

async function poll(
  { headers, query }: FastifyRequest,
  source: SyncSource,
  allowance: Allowance,
): Promise<Taken> {
  const secrets = await neededSecrets(source.secrets)
  const { authorization } = headers
  const proof = bearer({ headers: { authorization }, secretInAddress: undefined })
  if (proof?.kind !== 'secret' || !isAnySecret(proof.secret, secrets)) {
    const advice = 'Send one of the webhook secrets as Authorization: Bearer'
    throw new Refusal('unauthorized', advice)
  }
  allowance.verified()
  const { entry } = query as { entry?: unknown }
  if (entry !== undefined && typeof entry !== 'string') {
    throw new Refusal('malformed', 'Name one entry, or none for all of them')
  }
  const entries = source.pollNow(entry)
  if (entry === undefined || entries > 0) {
    return { result: 'matched', status: 202, body: { entries } }
  }
  const error = `No entry of the listing has this path: write it as the listing does, percent-encoded; /status shows all of them`
  return { result: 'unmatched', status: 404, body: { error } }
}
