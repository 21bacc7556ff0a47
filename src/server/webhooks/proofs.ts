// The ways in which webhooks show that their sender knows a secret, as several forges have them.
import { signedPrefix, standardKey } from '../../base/standard-webhooks.js'
import type { Proof, WebhookRequest } from './forge.js'

const SHA256_HEX = /^(?:sha256=)?([0-9a-f]{64})$/i

/** An HMAC of the body in hexadecimal, with or without `sha256=`, in a header. */
export function hexSignature(request: WebhookRequest, name: string): Proof | undefined {
  const [, hex] = SHA256_HEX.exec(request.headers[name]?.trim() ?? '') ?? []
  if (hex === undefined) return undefined
  const digests = [Buffer.from(hex, 'hex')]
  return { kind: 'hmac', digests, prefix: '', keyOf: (secret) => secret, signedAt: undefined }
}

/** A signature of Standard Webhooks, as GitLab has it from version 19 on, and others. */
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
  const prefix = signedPrefix(id, timestamp)
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

/** What stands for no key is one itself. */
function keyIn(secret: string): Buffer | string {
  return standardKey(secret) ?? secret
}
