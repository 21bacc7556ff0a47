// What it takes to verify the signature of what an entry wants.
import { readKeyFiles } from '../signature/key-files.js'
import type { SignatureCheck } from '../signature/verify-revision.js'
import type { Attempt } from './attempt.js'

/** Reads the key files as they are now; undefined where no signature is asked for. Throws `keys-invalid`. */
export async function signatureCheckOf({
  state,
  wanted,
}: Attempt): Promise<SignatureCheck | undefined> {
  const { verify: policy } = state.desired.entry
  if (!policy) return undefined
  return { policy, files: await readKeyFiles(policy.keyFiles), ref: wanted.ref }
}
