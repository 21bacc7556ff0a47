// What of a revision must be signed, and whether it is.

import { cutName } from '../base/cut-text.js'
import { type Oid, objectFormatOf } from '../git/oid.js'
import type { KeyFile } from './key-files.js'
import type { SignaturePolicy, VerifiedSignature } from './policy.js'
import { readSignedCommit, readSignedTag, type SignedObject } from './signed-object.js'
import { parseSigningKeys, type SigningKeys } from './signing-keys.js'
import { refused, verifySignature } from './verify.js'

/** A commit, or an annotated tag. */
export interface RevisionObject {
  type: 'commit' | 'tag'
  oid: Oid
  body: Buffer
}

/** What it takes to verify a revision. */
export interface SignatureCheck {
  policy: SignaturePolicy
  /** As they are now. */
  files: readonly KeyFile[]
  /** Those of revoked keys. */
  revoked: readonly KeyFile[]
  /** The full name of the ref that leads to it. */
  ref: string
}

/**
 * Verifies `chain`: a commit, and before it the tags that lead to it. Throws `signature-refused`, or
 * `keys-invalid`.
 */
export async function verifyRevision(
  chain: readonly RevisionObject[],
  { files, policy, ref, revoked }: SignatureCheck,
  nowMs: number,
): Promise<VerifiedSignature> {
  const keys = await parseSigningKeys(files, revoked)
  const [first] = chain
  const signers = new Set<string>()
  if (policy.object !== 'commit') {
    if (first?.type !== 'tag') {
      throw refused(
        `${cutName(ref)} is no annotated tag, which alone can be signed: tag by git tag -s`,
        keys,
      )
    }
    const tag = readOrRefuse(first, keys)
    // What was signed as one version must not be shown as another.
    if (`refs/tags/${tag.name}` !== ref) {
      const shown = JSON.stringify((tag.name ?? '').slice(0, 100))
      throw refused(`The tag at ${cutName(ref)} was signed as ${shown}`, keys)
    }
    signers.add(await verifySignature(tag, keys, nowMs))
  }
  const commit = chain.at(-1)
  if (policy.object !== 'tag' && commit) {
    signers.add(await verifySignature(readOrRefuse(commit, keys), keys, nowMs))
  }
  return { policy: policy.id, signer: [...signers].join(', ') }
}

function readOrRefuse({ body, oid, type }: RevisionObject, keys: SigningKeys): SignedObject {
  try {
    return type === 'tag'
      ? readSignedTag(oid, body)
      : readSignedCommit(oid, body, objectFormatOf(oid))
  } catch (error) {
    if (error instanceof RangeError) throw refused(`The ${type} ${oid} ${error.message}`, keys)
    throw error
  }
}
