// What the routes of webhooks work with, where a secret is set.
import type { Clock } from './base/clock.js'
import type { Redactor } from './base/known-secrets.js'
import type { ServerSource } from './server/server.js'
import { createWebhookSecrets } from './server/webhooks/secrets.js'
import type { Settings } from './settings.js'
import type { Observe } from './sync/events.js'
import type { Synchronizer } from './sync/synchronizer.js'

export interface WebhookSourceOptions {
  settings: Pick<Settings, 'webhookSecretFile' | 'webhookSecret'>
  clock: Clock
  observe: Observe
  redactor: Redactor
  synchronizer: Pick<Synchronizer, 'announce' | 'expectPush' | 'pollNow'>
}

/** What announces pushes; undefined where no secret is set. */
export function createWebhookSource(options: WebhookSourceOptions): ServerSource['webhooks'] {
  const { settings, clock, observe, redactor, synchronizer } = options
  const { webhookSecretFile: file, webhookSecret: text } = settings
  if (file === undefined && text === undefined) return undefined
  const secrets = createWebhookSecrets({
    file,
    text,
    onSecret: (secret) => redactor.add(secret),
    onFault: (error) => observe({ type: 'webhook-secrets-rejected', error }),
  })
  // A fault of the file is told now, and not with the first webhook.
  void secrets()
  return {
    clock,
    secrets,
    observe,
    expectPush: () => synchronizer.expectPush(),
    announce: (announcement) => synchronizer.announce(announcement),
    pollNow: (path) => synchronizer.pollNow(path),
  }
}
