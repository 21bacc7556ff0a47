// The signature of a message that is sent, as Standard Webhooks have it.
import { createHmac } from 'node:crypto'
import { signedPrefix, standardKey } from '../base/standard-webhooks.js'

/** A message that is sent. */
export interface SignedMessage {
  /** The same at each attempt. */
  id: string
  body: string
}

/** The keys of the secrets in `text`, one a line; undefined where one is none. */
export function parseSecrets(text: string): Buffer[] | undefined {
  const lines = text.split('\n').map((line) => line.trim())
  const secrets = lines.filter((line) => line !== '')
  const keys = secrets.flatMap((secret) => standardKey(secret) ?? [])
  return keys.length > 0 && keys.length === secrets.length ? keys : undefined
}

/** The headers of a message at `nowMs` since the epoch; it is signed by each of `keys`. */
export function signatureHeaders(
  { body, id }: SignedMessage,
  keys: readonly Buffer[],
  nowMs: number,
): Record<string, string> {
  const timestamp = String(Math.floor(nowMs / 1000))
  const content = signedPrefix(id, timestamp) + body
  const signatures = keys.map(
    (key) => `v1,${createHmac('sha256', key).update(content).digest('base64')}`,
  )
  return {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    ...(keys.length > 0 && { 'webhook-signature': signatures.join(' ') }),
  }
}
