// Holds what a request shows against all secrets, whichever is meant, in a time that tells nothing
// of any of them.
import { createHash, createHmac, type Hmac, timingSafeEqual } from 'node:crypto'
import type { Proof } from './forge.js'

/** How far a signature's time may be from ours, so that a request cannot be sent again later. */
const REPLAY_WINDOW_MS = 5 * 60_000

/** Whether any of `secrets` is `shown`. */
export function isAnySecret(shown: string, secrets: readonly string[]): boolean {
  return anyEqual([sha256(shown)], secrets.map(sha256))
}

/** Whether a signature is of now; one that tells no time always is. `now` is the time of day. */
export function isTimely(proof: Proof, now: number): boolean {
  const { signedAt = now } = proof.kind === 'hmac' ? proof : {}
  return Math.abs(now - signedAt) <= REPLAY_WINDOW_MS
}

/** Whether a body is signed with any of some secrets, which is found out as it comes. */
export class BodyVerifier {
  readonly #proof: Proof
  readonly #hmacs: readonly Hmac[]
  readonly #holdsSecret: boolean

  constructor(proof: Proof, secrets: readonly string[]) {
    this.#proof = proof
    this.#holdsSecret = proof.kind === 'secret' && isAnySecret(proof.secret, secrets)
    this.#hmacs =
      proof.kind === 'hmac'
        ? secrets.map((secret) => createHmac('sha256', proof.keyOf(secret)).update(proof.prefix))
        : []
  }

  /** Whether no body can make it valid. */
  get isRefused(): boolean {
    return this.#proof.kind === 'secret' && !this.#holdsSecret
  }

  update(chunk: Buffer): void {
    for (const hmac of this.#hmacs) hmac.update(chunk)
  }

  /** To be asked once, after the last chunk. */
  isValid(): boolean {
    if (this.#proof.kind === 'secret') return this.#holdsSecret
    const digests = this.#hmacs.map((hmac) => hmac.digest())
    return anyEqual(this.#proof.digests, digests)
  }
}

/** All are compared, so that the time does not tell which one is equal. */
function anyEqual(shown: readonly Buffer[], expected: readonly Buffer[]): boolean {
  let isEqual = false
  for (const one of shown) {
    for (const other of expected) {
      if (one.length === other.length && timingSafeEqual(one, other)) isEqual = true
    }
  }
  return isEqual
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
