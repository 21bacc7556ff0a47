// POST /sync: syncs at once, for whoever shows a secret. git-sync has no such thing.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { namedIn } from '../../base/file-name.js'
import { bearer } from '../../server/webhooks/proofs.js'
import { createWebhookSecrets, type WebhookSecretsOptions } from '../../server/webhooks/secrets.js'
import { isAnySecret } from '../../server/webhooks/verification.js'
import { type Routes, sendText } from './http.js'

/** Creates the route; `file` has the secrets, one a line. */
export function syncRoutes(
  file: string,
  options: Pick<WebhookSecretsOptions, 'onSecret' | 'onFault'>,
  syncNow: () => void,
): Routes {
  const named = namedIn(process.cwd(), file)
  const secrets = createWebhookSecrets({ ...options, file: named, text: undefined })
  // A fault of the file is told now, and not with the first request.
  void secrets()
  const answer = async ({ headers }: IncomingMessage, response: ServerResponse) => {
    const { authorization } = headers
    const proof = bearer({ headers: { authorization }, secretInAddress: undefined })
    if (proof?.kind !== 'secret' || !isAnySecret(proof.secret, await secrets()))
      return sendText(response, 401, REFUSAL)
    syncNow()
    sendText(response, 202, '')
  }
  return {
    '/sync': (request, response) =>
      request.method === 'POST' ? answer(request, response) : undefined,
  }
}

const REFUSAL = 'show a secret of --http-sync-secret-file as Authorization: Bearer\n'
