// Signatures in the format of SSH: RFC 4253 (section 6.6), 5656, 8332 and 8709, and those of
// security keys, of the algorithms that key-algorithms.ts names and no other.
// https://github.com/openssh/openssh-portable/blob/master/PROTOCOL.u2f
import { createHash, type KeyObject, verify } from 'node:crypto'
import { type KeyAlgorithm, keyAlgorithm } from './key-algorithms.js'
import { parsePublicKey } from './public-key.js'
import { typeOf, WireReader } from './wire-format.js'

/** What a security key adds to what it signs: its flags and its counter, in bytes. */
const DEVICE_BYTES = 5

/** Whether `signature` is one that the public key `signer` made of `content`. */
export function isSignedBy(signer: Buffer, content: Buffer, signature: Buffer): boolean {
  const algorithm = keyAlgorithm(typeOf(signature))
  if (algorithm === undefined || algorithm.keyType !== typeOf(signer)) return false
  const parsed = parsePublicKey(signer)
  if (!parsed) return false
  const { application, key } = parsed
  try {
    const { bytes, device } = readSignature(signature, algorithm, key)
    const signed = application ? onDevice(application, device, content) : content
    return verify(algorithm.hash, signed, { key, dsaEncoding: 'ieee-p1363' }, bytes)
  } catch {
    // A field that is cut off, or a number that is too long: nothing that signs.
    return false
  }
}

function readSignature(
  signature: Buffer,
  { isOnDevice, numberBytes }: KeyAlgorithm,
  key: KeyObject,
) {
  const fields = new WireReader(signature)
  fields.string()
  const written = fields.string()
  const device = isOnDevice ? fields.bytes(DEVICE_BYTES) : Buffer.alloc(0)
  fields.end()
  return { bytes: toFixedLength(written, numberBytes, key), device }
}

/** What a security key signs in place of `content`. */
function onDevice(application: Buffer, device: Buffer, content: Buffer): Buffer {
  const hash = (bytes: Buffer) => createHash('sha256').update(bytes).digest()
  return Buffer.concat([hash(application), device, hash(content)])
}

function toFixedLength(
  written: Buffer,
  numberBytes: number | undefined,
  { asymmetricKeyDetails }: KeyObject,
): Buffer {
  const { modulusLength } = asymmetricKeyDetails ?? {}
  // Some leave the zeros out that it starts with.
  if (modulusLength !== undefined) return pad(written, Math.ceil(modulusLength / 8))
  if (numberBytes === undefined) return written
  const numbers = new WireReader(written)
  const pair = [numbers.string(), numbers.string()].map((each) =>
    pad(each[0] === 0 ? each.subarray(1) : each, numberBytes),
  )
  numbers.end()
  return Buffer.concat(pair)
}

/** Throws a RangeError where the number is longer. */
function pad(number: Buffer, length: number): Buffer {
  return Buffer.concat([Buffer.alloc(length - number.length), number])
}
