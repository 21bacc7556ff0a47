// Public keys in the format of SSH, as node:crypto takes them: RFC 4253 (section 6.6), 5656 and
// 8709, and those of security keys.
// https://github.com/openssh/openssh-portable/blob/master/PROTOCOL.u2f
import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto'
import { WireReader } from './wire-format.js'

export interface PublicKey {
  key: KeyObject
  /** Of a security key: what it signs for. */
  application?: Buffer
}

/** What OpenSSH takes at the least, in bits. */
const MIN_RSA_BITS = 1024
const UNCOMPRESSED = 4
const ON_DEVICE = /^sk-(.*)@openssh\.com$/

/** Reads a public key; undefined where it is malformed, of a type that is not known, or too short. */
export function parsePublicKey(blob: Buffer): PublicKey | undefined {
  try {
    const fields = new WireReader(blob)
    const type = fields.string().toString('latin1')
    const [, onDevice] = ON_DEVICE.exec(type) ?? []
    const jwk = readKey(onDevice ?? type, fields)
    const application = onDevice === undefined ? {} : { application: fields.string() }
    fields.end()
    return jwk && { key: createPublicKey({ key: jwk, format: 'jwk' }), ...application }
  } catch {
    // Bytes that lack or are left, or a point that is not on the curve.
    return undefined
  }
}

function readKey(type: string, fields: WireReader): JsonWebKey | undefined {
  if (type === 'ssh-ed25519') return { kty: 'OKP', crv: 'Ed25519', x: encode(fields.string()) }
  if (type === 'ssh-rsa') {
    const [e, n] = [fields.string(), withoutSign(fields.string())]
    const bits = n.length * 8 - Math.clz32(n[0] ?? 0) + 24
    return bits < MIN_RSA_BITS ? undefined : { kty: 'RSA', n: encode(n), e: encode(e) }
  }
  const [, curve] = /^ecdsa-sha2-(nistp(?:256|384|521))$/.exec(type) ?? []
  if (curve === undefined || fields.string().toString('latin1') !== curve) return undefined
  const point = fields.string()
  if (point[0] !== UNCOMPRESSED) return undefined
  const middle = (point.length + 1) / 2
  const [x, y] = [point.subarray(1, middle), point.subarray(middle)]
  return { kty: 'EC', crv: curve.replace('nistp', 'P-'), x: encode(x), y: encode(y) }
}

/** A positive number may begin with a zero, so that it does not look like a negative one. */
function withoutSign(number: Buffer): Buffer {
  return number[0] === 0 ? number.subarray(1) : number
}

function encode(bytes: Buffer): string {
  return bytes.toString('base64url')
}
