// Signatures in the format of SSH: RFC 4253 (section 6.6), 5656, 8332 and 8709. Each
// algorithm that is accepted is named here; SHA-1 is none of them.
import { createPublicKey, verify } from 'node:crypto'
import ssh2 from 'ssh2'
import { keyTypeFor, keyTypeOf } from './fingerprint.js'
import { WireReader } from './wire-reader.js'

interface Algorithm {
  hash: string | null
  /** How long each of the two numbers of an ECDSA signature is. */
  numberBytes?: number
}

const ALGORITHMS: Record<string, Algorithm> = {
  'ssh-ed25519': { hash: null },
  'ecdsa-sha2-nistp256': { hash: 'sha256', numberBytes: 32 },
  'ecdsa-sha2-nistp384': { hash: 'sha384', numberBytes: 48 },
  'ecdsa-sha2-nistp521': { hash: 'sha512', numberBytes: 66 },
  'rsa-sha2-512': { hash: 'sha512' },
  'rsa-sha2-256': { hash: 'sha256' },
}

/** Whether `signature` is one that the public key `signer` made of `content`. */
export function isSignedBy(signer: Buffer, content: Buffer, signature: Buffer): boolean {
  const name = keyTypeOf(signature)
  const algorithm = ALGORITHMS[name]
  if (algorithm === undefined || keyTypeFor(name) !== keyTypeOf(signer)) return false
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

function signatureBytes(signature: Buffer, { numberBytes }: Algorithm): Buffer {
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
