// The signature of a message, as Standard Webhooks have it.
// https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
import { createHmac } from 'node:crypto'

/** A message that is sent. */
export interface SignedMessage {
  /** The same at each attempt. */
  id: string
  body: string
}

const SECRET = /^whsec_([A-Za-z0-9+/]+={0,2})$/

/** The keys of the secrets in `text`, one a line; undefined where one is none. */
export function parseSecrets(text: string): Buffer[] | undefined {
  const lines = text.split('\n').map((line) => line.trim())
  const secrets = lines.filter((line) => line !== '').map((line) => SECRET.exec(line)?.[1])
  if (secrets.length === 0 || secrets.includes(undefined)) return undefined
  return secrets.map((secret = '') => Buffer.from(secret, 'base64'))
}

/** The headers of a message at `nowMs` since the epoch; it is signed by each of `keys`. */
export function signatureHeaders(
  { body, id }: SignedMessage,
  keys: readonly Buffer[],
  nowMs: number,
): Record<string, string> {
  const timestamp = String(Math.floor(nowMs / 1000))
  const content = `${id}.${timestamp}.${body}`
  const signatures = keys.map(
    (key) => `v1,${createHmac('sha256', key).update(content).digest('base64')}`,
  )
  return {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    ...(keys.length > 0 && { 'webhook-signature': signatures.join(' ') }),
  }
}
