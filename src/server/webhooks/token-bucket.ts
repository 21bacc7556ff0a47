// What each address may spend: a number at once, and so many more each second. Only the latest
// addresses are remembered, so that who has many of them takes no memory.
import type { Clock } from '../../base/clock.js'

/** So many addresses are remembered. */
const MAX_ADDRESSES = 1_000

export interface TokenBucketsOptions {
  clock: Pick<Clock, 'now'>
  /** Tokens at once. */
  burst: number
  perSecond: number
}

export class TokenBuckets {
  readonly #options: TokenBucketsOptions
  /** The one that spent last comes last. */
  readonly #buckets = new Map<string, { tokens: number; at: number }>()

  constructor(options: TokenBucketsOptions) {
    this.#options = options
  }

  /** How many addresses are remembered. */
  get size(): number {
    return this.#buckets.size
  }

  /** Takes one token of an address; false where it has none. */
  take(address: string): boolean {
    const tokens = this.#tokensOf(address)
    const isThere = tokens >= 1
    this.#set(address, isThere ? tokens - 1 : tokens)
    return isThere
  }

  /** Gives tokens back that were taken. */
  giveBack(address: string, tokens: number): void {
    this.#set(address, Math.min(this.#options.burst, this.#tokensOf(address) + tokens))
  }

  #tokensOf(address: string): number {
    const { clock, burst, perSecond } = this.#options
    const last = this.#buckets.get(address)
    if (!last) return burst
    return Math.min(burst, last.tokens + ((clock.now() - last.at) / 1_000) * perSecond)
  }

  #set(address: string, tokens: number): void {
    this.#buckets.delete(address)
    this.#buckets.set(address, { tokens, at: this.#options.clock.now() })
    const [oldest] = this.#buckets.keys()
    if (this.#buckets.size > MAX_ADDRESSES && oldest !== undefined) this.#buckets.delete(oldest)
  }
}
