// Holds a commit back until its signature is verified: before that, nothing of it is staged.
import { SyncError } from '../base/errors.js'
import type { Oid } from '../git/oid.js'
import type { VerifiedSignature } from '../signature/policy.js'
import type { SignatureCheck } from '../signature/verify-revision.js'
import type { CommitObjects } from './commit-objects.js'

export class SignatureGate {
  /** Undefined until it is verified, or where nobody asks for it. */
  signature: VerifiedSignature | undefined
  readonly #check: SignatureCheck | undefined
  readonly #want: Oid

  /** Without a check, it is open. */
  constructor(check: SignatureCheck | undefined, want: Oid) {
    this.#check = check
    this.#want = want
  }

  get isOpen(): boolean {
    return this.#check === undefined || this.signature !== undefined
  }

  /** Verifies the commit if it is there; throws where it is refused, or `isWhole` and it is not there. */
  async pass(objects: CommitObjects, { isWhole }: { isWhole: boolean }): Promise<void> {
    if (!this.#check || this.signature) return
    const chain = this.#chainOf(objects, isWhole)
    if (!chain) return
    const { verifyRevision } = await import('../signature/verify-revision.js')
    this.signature = await verifyRevision(chain, this.#check, Date.now())
  }

  #chainOf(objects: CommitObjects, isWhole: boolean) {
    if (!isWhole && !objects.hasCome(this.#want)) return undefined
    try {
      return objects.chainOf(this.#want)
    } catch (error) {
      const isEarly = error instanceof SyncError && error.code === 'pack-incomplete'
      if (isEarly && !isWhole) return undefined
      throw error
    }
  }
}
