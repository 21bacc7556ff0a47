// Signatures in the format of SSH: RFC 4253 (section 6.6), 5656, 8332 and 8709, of the
// algorithms that key-algorithms.ts names and no other.
import { createPublicKey, verify } from 'node:crypto'
import ssh2 from 'ssh2'
import { typeOf, WireReader } from '../../credentials/ssh/wire-format.js'
import { type KeyAlgorithm, keyAlgorithm } from './key-algorithms.js'

/** Whether `signature` is one that the public key `signer` made of `content`. */
export function isSignedBy(signer: Buffer, content: Buffer, signature: Buffer): boolean {
  const algorithm = keyAlgorithm(typeOf(signature))
  if (algorithm === undefined || algorithm.keyType !== typeOf(signer)) return false
  const parsed = ssh2.utils.parseKey(signer)
  if (parsed instanceof Error) return false
  try {
    const key = createPublicKey(parsed.getPublicPEM())
    return verify(
      algorithm.hash,
      content,
      { key, dsaEncoding: 'ieee-p1363' },
      signatureBytes(signature, algorithm),
    )
  } catch {
    // A point that is not on the curve, or a field that is cut off: nothing that signs.
    return false
  }
}

function signatureBytes(signature: Buffer, { numberBytes }: KeyAlgorithm): Buffer {
  const fields = new WireReader(signature)
  fields.string()
  const bytes = fields.string()
  fields.end()
  if (numberBytes === undefined) return bytes
  const numbers = new WireReader(bytes)
  const pair = [numbers.string(), numbers.string()].map((each) => pad(each, numberBytes))
  numbers.end()
  return Buffer.concat(pair)
}

/** Throws a RangeError where the number is longer. */
function pad(number: Buffer, length: number): Buffer {
  const digits = number[0] === 0 ? number.subarray(1) : number
  return Buffer.concat([Buffer.alloc(length - digits.length), digits])
}
