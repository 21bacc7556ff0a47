// The ways in which webhooks show that their sender knows a secret, as several forges have them.
import type { Proof, WebhookRequest } from './forge.js'

/** The shortest key that a signing token may stand for, in bytes. */
const MIN_KEY_BYTES = 16
const SHA256_HEX = /^(?:sha256=)?([0-9a-f]{64})$/i

/** An HMAC of the body in hexadecimal, with or without `sha256=`, in a header. */
export function hexSignature(request: WebhookRequest, name: string): Proof | undefined {
  const [, hex] = SHA256_HEX.exec(request.headers[name]?.trim() ?? '') ?? []
  if (hex === undefined) return undefined
  const digests = [Buffer.from(hex, 'hex')]
  return { kind: 'hmac', digests, prefix: '', keyOf: (secret) => secret, signedAt: undefined }
}

/**
 * A signature as GitLab has it from version 19 on, and others: the secret is `whsec_` and the key in
 * base64. https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export function standardSignature(request: WebhookRequest): Proof | undefined {
  const id = request.headers['webhook-id']
  const timestamp = request.headers['webhook-timestamp'] ?? ''
  const signatures = request.headers['webhook-signature']
  if (id === undefined || signatures === undefined || !/^\d{1,12}$/.test(timestamp)) {
    return undefined
  }
  const digests = signatures
    .split(' ')
    .filter((signature) => signature.startsWith('v1,'))
    .map((signature) => Buffer.from(signature.slice('v1,'.length), 'base64'))
  const prefix = `${id}.${timestamp}.`
  return { kind: 'hmac', digests, prefix, keyOf: keyIn, signedAt: Number(timestamp) * 1000 }
}

/** A secret that a header holds. */
export function secretIn(request: WebhookRequest, name: string): Proof | undefined {
  const secret = request.headers[name]
  return secret ? { kind: 'secret', secret } : undefined
}

/** A secret as `Authorization: Bearer`. */
export function bearer(request: WebhookRequest): Proof | undefined {
  const [, secret] = /^bearer +(.+)$/i.exec(request.headers['authorization'] ?? '') ?? []
  return secret === undefined ? undefined : { kind: 'secret', secret }
}

/** A secret as the password of `Authorization: Basic`, whoever the user is. */
export function basicPassword(request: WebhookRequest): Proof | undefined {
  const [, encoded] = /^basic +(\S+)$/i.exec(request.headers['authorization'] ?? '') ?? []
  const [, secret] = /^[^:]*:(.+)$/s.exec(Buffer.from(encoded ?? '', 'base64').toString()) ?? []
  return secret === undefined ? undefined : { kind: 'secret', secret }
}

/** What is no key in base64 is none at all, as a signature by an empty key is anybody's. */
function keyIn(secret: string): Buffer | string {
  const [, encoded = ''] = /^whsec_(.+)$/.exec(secret) ?? []
  const key = Buffer.from(encoded, 'base64')
  return key.length >= MIN_KEY_BYTES ? key : secret
}
