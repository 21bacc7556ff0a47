import assert from 'node:assert/strict'
import { test } from 'node:test'
import { namedIn } from '../src/base/file-name.js'
import { createRedactor } from '../src/base/known-secrets.js'
import type { SyncEvent } from '../src/sync/events.js'
import { createWebhookSource } from '../src/webhook-source.js'
import { FakeClock } from './helpers/fake-clock.js'
import { tempDir } from './helpers/git.js'
import { until } from './helpers/service.js'

test('a file of secrets that is not there is told before any webhook comes', async (t) => {
  const events: SyncEvent[] = []
  createWebhookSource({
    settings: { webhookSecretFile: namedIn(tempDir(t), 'secrets.txt'), webhookSecret: undefined },
    clock: new FakeClock(),
    observe: (event) => events.push(event),
    redactor: createRedactor(),
    synchronizer: { expectPush: () => undefined, announce: () => 0, pollNow: () => 0 },
  })
  await until(() => events.length > 0, 'it is told')
  assert.equal(events[0]?.type, 'webhook-secrets-rejected')
})
