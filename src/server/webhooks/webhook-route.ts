// POST /webhook: announcements of pushes. Nothing of a body is parsed before its signature holds,
// and the answer comes before any work.
import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Announcement } from '../../sync/announcement.js'
import type { Allowance } from './allowance.js'
import type { Door, DoorSource } from './door.js'
import type { Forge, WebhookRequest } from './forge.js'
import { forgeOf } from './forges.js'
import { createReader, type ReadBody } from './reading.js'
import { Reception } from './reception.js'
import { Refusal, type WebhookResult } from './refusal.js'
import { neededSecrets, type WebhookSecrets } from './secrets.js'
import { BodyVerifier, isTimely } from './verification.js'

export interface WebhookSource extends DoorSource {
  secrets: WebhookSecrets
  /** Somebody, who may be anybody, is about to announce a push. */
  expectPush(): void
  /** Polls the entries that a push concerns, soon; returns how many there are. */
  announce(announcement: Announcement): number
}

/** The share of all connections over which bodies are received at once, so that probes have theirs. */
const RECEIVING_SHARE = 1 / 8

/** Adds POST /webhook: 202 and `{matched}`, also where no entry follows what was pushed. */
export function addWebhookRoute(
  app: FastifyInstance,
  source: WebhookSource,
  { door, maxConnections }: { door: Door; maxConnections: number },
): void {
  const reception = new Reception(Math.max(1, Math.floor(maxConnections * RECEIVING_SHARE)))
  const read = createReader()
  app.post('/webhook', (request, reply) => {
    const asked = requestOf(request)
    const forge = forgeOf(asked)
    return door({ request, reply, provider: forge.name }, async (allowance) => {
      if (!allowance.isExceeded) source.expectPush()
      const receiving = { forge, asked, reception, read, source, allowance }
      const announcements = await receive(request, receiving)
      const matched = announcements.reduce((sum, each) => sum + source.announce(each), 0)
      return { result: resultOf(announcements, matched), status: 202, body: { matched } }
    })
  })
}

function resultOf(announcements: readonly Announcement[], matched: number): WebhookResult {
  if (announcements.length === 0) return 'ignored'
  return matched > 0 ? 'matched' : 'unmatched'
}

interface Receiving {
  forge: Forge
  asked: WebhookRequest
  reception: Reception
  read: ReadBody
  source: WebhookSource
  allowance: Allowance
}

/** What a request announces. Throws a {@link Refusal} where nothing shows that it may. */
async function receive(
  { raw }: FastifyRequest,
  { forge, asked, reception, read, source, allowance }: Receiving,
): Promise<readonly Announcement[]> {
  const secrets = await neededSecrets(source.secrets)
  const proof = forge.proofOf(asked)
  if (!proof) throw noSecret(forge.name)
  if (!isTimely(proof, source.clock.wallTime())) {
    throw new Refusal('unauthorized', 'The signature is too old: compare the clocks of both sides')
  }
  const verifier = new BodyVerifier(proof, secrets)
  if (verifier.isRefused) throw wrongSecret()
  if (proof.kind === 'secret') allowance.verified()
  return reception.receive(
    raw,
    (chunk) => {
      allowance.read(chunk.length)
      verifier.update(chunk)
    },
    async (bytes) => {
      if (!verifier.isValid()) throw wrongSecret()
      allowance.verified()
      const announcements = await read({ name: forge.name, request: asked, bytes })
      if (!announcements) throw new Refusal('malformed', 'The body is not JSON')
      return announcements
    },
  )
}

function requestOf({ headers, query }: FastifyRequest): WebhookRequest {
  const { secret } = query as { secret?: unknown }
  return {
    headers: plain(headers),
    secretInAddress: typeof secret === 'string' ? secret : undefined,
  }
}

function plain(headers: IncomingHttpHeaders): Record<string, string> {
  const texts = Object.entries(headers).filter((each): each is [string, string] => {
    return typeof each[1] === 'string'
  })
  return Object.fromEntries(texts)
}

function wrongSecret(): Refusal {
  return new Refusal(
    'unauthorized',
    'The secret or signature is of none of the secrets here: compare the secret of the webhook with WEBHOOK_SECRET_FILE (or WEBHOOK_SECRET), and see whether a proxy changes the body',
  )
}

function noSecret(provider: string): Refusal {
  return new Refusal(
    'unauthorized',
    `No secret or signature is shown in the way of ${provider}: give the webhook one of WEBHOOK_SECRET_FILE (or WEBHOOK_SECRET)`,
  )
}
