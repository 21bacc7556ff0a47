// Signatures as ssh-keygen -Y sign makes them.
// https://github.com/openssh/openssh-portable/blob/master/PROTOCOL.sshsig
import { createHash } from 'node:crypto'
import { parseSshCertificate, type SshCertificate } from '../ssh/certificate.js'
import { encodeString, WireReader } from '../ssh/wire-format.js'
import { isSignedBy } from '../ssh/wire-signature.js'
import { decodeArmour } from './armour.js'

/** A signature, whoever made it. */
export interface SshSignature {
  /** What it was made by: a key, or its certificate. */
  blob: Buffer
  /** The key that signs. */
  key: Buffer
  certificate: SshCertificate | undefined
  namespace: string
  hash: string
  signature: Buffer
}

const MAGIC = 'SSHSIG'
const VERSION = 1
const HASHES = ['sha256', 'sha512']

/** Takes a signature in its armour apart. Throws a RangeError where it is malformed. */
export function readSshSignature(armoured: string): SshSignature {
  const fields = new WireReader(decodeArmour(armoured))
  if (fields.bytes(MAGIC.length).toString('latin1') !== MAGIC || fields.uint32() !== VERSION) {
    throw new RangeError('has another version')
  }
  const blob = fields.string()
  const certificate = parseSshCertificate(blob)
  const namespace = fields.string().toString('latin1')
  // Reserved.
  fields.string()
  const hash = fields.string().toString('latin1')
  const signature = fields.string()
  fields.end()
  return { blob, key: certificate?.key ?? blob, certificate, namespace, hash, signature }
}

/** Whether it is one of `payload`. */
export function isSshSignatureOf(
  { hash, key, namespace, signature }: SshSignature,
  payload: Buffer,
): boolean {
  if (!HASHES.includes(hash)) return false
  const signed = Buffer.concat([
    Buffer.from(MAGIC),
    ...[namespace, '', hash, createHash(hash).update(payload).digest()].map(encodeString),
  ])
  return isSignedBy(key, signed, signature)
}
