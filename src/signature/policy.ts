// By which keys the commits of an entry may be signed, and what is remembered of one that was.
import { createHash } from 'node:crypto'
import { cutSentence } from '../base/cut-text.js'

/** What is to be signed: the commit, the annotated tag that leads to it, or both of them. */
const SIGNED_OBJECTS = ['commit', 'tag', 'both'] as const

export interface SignaturePolicy {
  /** Tells it from others; what stands in its files does not count. */
  id: string
  object: (typeof SIGNED_OBJECTS)[number]
  /** Absolute names of files with public keys. */
  keyFiles: readonly string[]
  /** Absolute names of files with SSH keys that are revoked. */
  revokedFiles: readonly string[]
}

/** What is remembered of a signature that was verified. */
export interface VerifiedSignature {
  /** The id of the policy that it satisfies. */
  policy: string
  /** Who signed, on one line. */
  signer: string
}

const ID_DIGITS = 16

/** The policy of these key files. */
export function toPolicy(
  object: SignaturePolicy['object'],
  keyFiles: readonly string[],
  revokedFiles: readonly string[] = [],
): SignaturePolicy {
  const revoked = revokedFiles.length > 0 ? [{ revoked: revokedFiles }] : []
  const written = JSON.stringify([object, ...keyFiles, ...revoked])
  const id = createHash('sha256').update(written).digest('hex').slice(0, ID_DIGITS)
  return { id, object, keyFiles, revokedFiles }
}

/** A signature that was written down; undefined where it is none. */
export function toVerifiedSignature(written: unknown): VerifiedSignature | undefined {
  const { policy, signer } = (written ?? {}) as Partial<Record<string, unknown>>
  if (typeof policy !== 'string' || typeof signer !== 'string') return undefined
  return { policy, signer: cutSentence(signer) }
}
