// The certificate of a key, as a certificate authority signs it: its format alone. What that of a
// host is worth, certificate-fault.ts tells.
// https://github.com/openssh/openssh-portable/blob/master/PROTOCOL.certkeys

import { keyFieldsOf } from './key-algorithms.js'
import { encodeString, typeOf, WireReader } from './wire-format.js'

/** Ends the type of each certificate, and each host key algorithm that asks for one. */
export const CERTIFICATE_SUFFIX = '-cert-v01@openssh.com'
const DEVICE_SUFFIX = '@openssh.com'

export interface SshCertificate {
  /** The certified key, as the public key that it is without the certificate. */
  key: Buffer
  /** 1: a user's; 2: a host's. */
  kind: number
  principals: string[]
  /** In seconds since the Unix epoch. */
  validAfter: bigint
  /** In seconds since the Unix epoch; it is no longer valid then. */
  validBefore: bigint
  criticalOptions: string[]
  /** The public key of who signed it. */
  authority: Buffer
  /** What the signature is over. */
  signed: Buffer
  signature: Buffer
}

/** Takes a certificate apart; undefined where `blob` is none, or malformed. */
export function parseSshCertificate(blob: Buffer): SshCertificate | undefined {
  const certificateType = typeOf(blob)
  if (!certificateType.endsWith(CERTIFICATE_SUFFIX)) return undefined
  const plain = certificateType.slice(0, -CERTIFICATE_SUFFIX.length)
  const type = plain.startsWith('sk-') ? plain + DEVICE_SUFFIX : plain
  const keyFields = keyFieldsOf(type)
  if (keyFields === undefined) return undefined
  try {
    return parseFields(blob, type, keyFields)
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

function parseFields(blob: Buffer, type: string, keyFields: number): SshCertificate {
  const fields = new WireReader(blob)
  fields.string()
  // The nonce: it only makes the certificate unlike any other.
  fields.string()
  const keyStart = fields.at
  for (let left = keyFields; left > 0; left--) fields.string()
  const key = Buffer.concat([encodeString(type), blob.subarray(keyStart, fields.at)])
  // Its serial number, for lists of what is revoked.
  fields.uint64()
  const kind = fields.uint32()
  // The name that its authority gave it.
  fields.string()
  const principals = fields.list().map(String)
  const [validAfter, validBefore] = [fields.uint64(), fields.uint64()]
  const criticalOptions = fields.list().flatMap((name, index) => (index % 2 ? [] : [String(name)]))
  // Extensions may be ignored; the next field is reserved.
  fields.string()
  fields.string()
  const authority = fields.string()
  const signed = blob.subarray(0, fields.at)
  const signature = fields.string()
  fields.end()
  return {
    key,
    kind,
    principals,
    validAfter,
    validBefore,
    criticalOptions,
    authority,
    signed,
    signature,
  }
}
