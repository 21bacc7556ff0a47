// A server that takes webhooks, over secrets and a clock that a test can change.
import type { Announcement } from '../../src/sync/announcement.js'
import { FakeClock } from './fake-clock.js'
import { createTestServer } from './test-server.js'
import type { Webhook } from './webhooks.js'

export interface WebhookServerOptions {
  secrets: readonly string[]
  /** How many entries follow what is announced. @default 1 */
  matched?: number
  /** The paths of the listing. */
  paths?: readonly string[]
  /** Waited for at each look at the secrets. */
  beforeSecrets?: () => Promise<void>
}

/** Creates a server, not listening, and records what is announced and how each webhook ended. */
export function createWebhookServer(options: WebhookServerOptions) {
  const { secrets, matched = 1, paths = [], beforeSecrets } = options
  const clock = new FakeClock(Math.floor(Date.now() / 1000) * 1000)
  const announced: Announcement[] = []
  const polled: (string | undefined)[] = []
  const results: string[] = []
  const expected: number[] = []
  const inForce = [...secrets]
  const { app, errors } = createTestServer({
    webhooks: {
      clock,
      async secrets() {
        await beforeSecrets?.()
        return inForce
      },
      observe: (event) => {
        if (event.type === 'webhook-received') results.push(`${event.provider} ${event.result}`)
      },
      expectPush: () => expected.push(clock.now()),
      announce(announcement) {
        announced.push(announcement)
        return matched
      },
      pollNow(path) {
        polled.push(path)
        return paths.filter((each) => path === undefined || each === path).length
      },
    },
  })
  return {
    app,
    clock,
    announced,
    polled,
    /** When a push was expected. */
    expected,
    results,
    errors,
    /** The secrets in force. */
    secrets: inForce,
    send: ({ url, headers, body }: Webhook) =>
      app.inject({ method: 'POST', url, headers, payload: body }),
  }
}
