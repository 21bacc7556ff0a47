// How often each address may ask: a number at once, and so many more each second. Only the latest
// addresses are remembered, so that who has many of them takes no memory.
import type { Clock } from '../../base/clock.js'

/** So many addresses are remembered. */
const MAX_ADDRESSES = 1_000

export interface TokenBucketsOptions {
  clock: Pick<Clock, 'now'>
  /** Requests at once. */
  burst: number
  perSecond: number
}

export class TokenBuckets {
  readonly #options: TokenBucketsOptions
  /** The one that asked last comes last. */
  readonly #buckets = new Map<string, { tokens: number; at: number }>()

  constructor(options: TokenBucketsOptions) {
    this.#options = options
  }

  /** How many addresses are remembered. */
  get size(): number {
    return this.#buckets.size
  }

  /** Whether `address` may ask now, which counts as asking. */
  take(address: string): boolean {
    const { clock, burst, perSecond } = this.#options
    const now = clock.now()
    const last = this.#buckets.get(address) ?? { tokens: burst, at: now }
    const tokens = Math.min(burst, last.tokens + ((now - last.at) / 1_000) * perSecond)
    const isAllowed = tokens >= 1
    this.#buckets.delete(address)
    this.#buckets.set(address, { tokens: isAllowed ? tokens - 1 : tokens, at: now })
    const [oldest] = this.#buckets.keys()
    if (this.#buckets.size > MAX_ADDRESSES && oldest !== undefined) this.#buckets.delete(oldest)
    return isAllowed
  }
}
