// POST /sync: syncs at once, for whoever shows a secret. git-sync has no such thing.
import { namedIn } from '../../base/file-name.js'
import { bearer } from '../../server/webhooks/proofs.js'
import { createWebhookSecrets, type WebhookSecretsOptions } from '../../server/webhooks/secrets.js'
import { isAnySecret } from '../../server/webhooks/verification.js'
import { isFor, type Route, sendText } from './http.js'

/** Creates the route; `file` has the secrets, one a line. */
export function syncRoute(
  file: string,
  options: Pick<WebhookSecretsOptions, 'onSecret' | 'onFault'>,
  syncNow: () => void,
): Route {
  const secrets = createWebhookSecrets({
    ...options,
    file: namedIn(process.cwd(), file),
    text: undefined,
  })
  // A fault of the file is told now, and not with the first request.
  void secrets()
  return (request, response) => {
    if (request.method !== 'POST' || !isFor(request, '/sync')) return undefined
    return secrets().then((inForce) => {
      const { authorization } = request.headers
      const proof = bearer({ headers: { authorization }, secretInAddress: undefined })
      if (proof?.kind !== 'secret' || !isAnySecret(proof.secret, inForce)) {
        sendText(
          response,
          401,
          'show a secret of --http-sync-secret-file as Authorization: Bearer\n',
        )
        return
      }
      syncNow()
      sendText(response, 202, '')
    })
  }
}
