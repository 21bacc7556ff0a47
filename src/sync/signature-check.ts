// What it takes to verify the signature of what an entry wants, and when what was refused is tried again.
import { keyFilesStatus, readKeyFiles, readRevokedFiles } from '../signature/key-files.js'
import type { SignaturePolicy } from '../signature/policy.js'
import type { SignatureCheck } from '../signature/verify-revision.js'
import type { Attempt } from './attempt.js'
import type { SyncContext } from './context.js'
import { conclude, type EntryState } from './state/entry-state.js'

/** Reads the key files as they are now; undefined where no signature is asked for. Throws `keys-invalid`. */
export async function signatureCheckOf({
  context,
  state,
  wanted,
}: Attempt): Promise<SignatureCheck | undefined> {
  const { verify: policy } = state.desired.entry
  if (!policy) return undefined
  // Before they are read: what changes meanwhile is another file.
  const keysStatus = await keyFilesStatus(filesOf(policy))
  conclude(state, { type: 'keys-read', keysStatus }, context)
  const files = await readKeyFiles(policy.keyFiles)
  return { policy, files, revoked: await readRevokedFiles(policy.revokedFiles), ref: wanted.ref }
}

/** Has those tried again that were refused by key files of which one is another by now. */
export async function retryRefused(
  states: readonly EntryState[],
  context: SyncContext,
): Promise<void> {
  await Promise.all(
    states.map(async (state) => {
      const { entry, stalled } = state.desired
      if (!entry.verify || stalled?.keysStatus === undefined) return
      const keysStatus = await keyFilesStatus(filesOf(entry.verify))
      // What is known of it may be another meanwhile.
      if (keysStatus === stalled.keysStatus || state.desired.stalled !== stalled) return
      conclude(state, { type: 'keys-changed' }, context)
    }),
  )
}

const filesOf = ({ keyFiles, revokedFiles }: SignaturePolicy) => [...keyFiles, ...revokedFiles]
