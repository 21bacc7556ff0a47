// Whether a commit, or its tag, is signed by one of the given keys, as `git verify-commit` and
// `git verify-tag` judge it; where this is stricter, docs/signatures.md says it.
import { SyncError } from '../base/errors.js'
import { armourKindOf } from './armour.js'
import type { SignedObject } from './signed-object.js'
import { describeSigner, type Verdict } from './signer.js'
import { describeSigningKeys, type SigningKeys } from './signing-keys.js'
import { sshVerdict } from './ssh-verdict.js'

/** Returns who signed, on one line. Throws `signature-refused` where nobody did who counts. */
export async function verifySignature(
  object: SignedObject,
  keys: SigningKeys,
  nowMs: number,
): Promise<string> {
  const verdict = await verdictOf(object, keys, nowMs)
  if ('signer' in verdict) return describeSigner(verdict.signer)
  throw refused(`The ${object.type} ${object.oid} ${verdict.fault}`, keys)
}

/** A refusal; `sentence` has no end. */
export function refused(sentence: string, keys: SigningKeys): SyncError {
  const accepted = describeSigningKeys(keys)
  return new SyncError(
    'signature-refused',
    `${sentence}. Signatures by these are accepted: ${accepted}`,
  )
}

async function verdictOf(
  { hasMaker, madeAt, payload, signature }: SignedObject,
  { openPgp, revoked, ssh }: SigningKeys,
  nowMs: number,
): Promise<Verdict> {
  if (signature === undefined) return { fault: 'is not signed' }
  if (!hasMaker) return { fault: 'does not say who made it' }
  const signed = { payload, madeAt: madeAt ?? Math.floor(nowMs / 1000) }
  switch (armourKindOf(signature)) {
    case 'ssh':
      if (ssh.length === 0) return { fault: 'is signed with SSH, and no key file has SSH keys' }
      return sshVerdict(signature, signed, ssh, revoked)
    case 'openpgp':
      if (!openPgp) return { fault: 'is signed with OpenPGP, and no key file has OpenPGP keys' }
      return openPgp.judge.openPgpVerdict(signature, signed, openPgp.keys, nowMs)
    case 'x509':
      return { fault: 'is signed with X.509 (S/MIME), which is not verified here' }
    case undefined:
      return { fault: 'has a signature that is malformed, or more than one' }
  }
}
