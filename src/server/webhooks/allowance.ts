// What a request costs its address until it shows a secret: one token, and one more for so many bytes
// that are read of it. Once it does, it has cost nothing, so that a flood through an ingress does not
// keep those out that come through the same one.
import { Refusal } from './refusal.js'
import type { TokenBuckets } from './token-bucket.js'

/** For so many bytes of a body another token is taken: the longest there may be takes half of them. */
const BYTES_A_TOKEN = 256 * 1024
/** So much of a body is read where there are no tokens: more than almost any push has. */
const MAX_BYTES_WITHOUT = BYTES_A_TOKEN

export class Allowance {
  readonly #buckets: TokenBuckets
  readonly #address: string
  #taken = 0
  #bytes = 0
  #isExceeded = false
  #isVerified = false

  constructor(buckets: TokenBuckets, address: string) {
    this.#buckets = buckets
    this.#address = address
    this.#take()
  }

  /** Whether its address has no tokens left for it, and nothing shows that it needs none. */
  get isExceeded(): boolean {
    return this.#isExceeded && !this.#isVerified
  }

  /** So many more bytes were read. Throws a {@link Refusal} where they are too many. */
  read(bytes: number): void {
    if (this.#isVerified) return
    this.#bytes += bytes
    while (!this.#isExceeded && this.#taken <= this.#bytes / BYTES_A_TOKEN) this.#take()
    if (this.#isExceeded && this.#bytes > MAX_BYTES_WITHOUT) throw tooManyRefusals()
  }

  /** It showed a secret. */
  verified(): void {
    if (!this.#isVerified && this.#taken > 0) this.#buckets.giveBack(this.#address, this.#taken)
    this.#isVerified = true
  }

  #take(): void {
    this.#isExceeded = !this.#buckets.take(this.#address)
    if (!this.#isExceeded) this.#taken++
  }
}

/** What an address is told that has used up what it may be refused. */
export function tooManyRefusals(): Refusal {
  return new Refusal('throttled', 'Too much from this address shows no secret: send it again later')
}
