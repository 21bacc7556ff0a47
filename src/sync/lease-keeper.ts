// The leases of this instance, by directory: those it holds, which are kept alive, and those it
// waits for, whose holders it watches by its own clock.

import type { Clock } from '../base/clock.js'
import { cutName } from '../base/cut-text.js'
import type { Lease } from '../publish/lease/lease.js'
import type { Target } from '../publish/target.js'
import type { LeaseStore } from '../worker/lease-store.js'
import { LeaseHeartbeat } from './lease-heartbeat.js'

/** In milliseconds. */
export interface LeaseTimes {
  /** How often a holder shows that it lives. */
  renewMs: number
  /** For how long it may show nothing before another takes over. */
  expiryMs: number
  /** How often one who waits looks, at least. */
  lookMs: number
  /** How long after a takeover it is sure that no other did the same. */
  settleMs: number
}

/** Three signs of life may be missed. */
export const LEASE_TIMES: LeaseTimes = {
  renewMs: 10_000,
  expiryMs: 30_000,
  lookMs: 1000,
  settleMs: 100,
}

/** The more entries wait, the less often each looks: so many looks a second altogether. */
const LOOKS_PER_SECOND = 200

/** Whether a target may be worked on; else who holds it, and when to ask again. */
export type Claimed =
  | { isOurs: true; lease: Lease | undefined }
  | { isOurs: false; holder: string; isDead: boolean; isOfOtherShard: boolean; againInMs: number }

export interface LeaseKeeperOptions {
  clock: Clock
  store: LeaseStore
  times: LeaseTimes
  /** Told of each lease that is lost, by its directory; must not throw. */
  onLost: (directory: string) => void
}

export class LeaseKeeper {
  readonly #options: LeaseKeeperOptions
  readonly #held = new Map<string, Lease>()
  readonly #awaited = new Map<string, { seen: string; since: number }>()
  readonly #heartbeat: LeaseHeartbeat

  constructor(options: LeaseKeeperOptions) {
    this.#options = options
    const { clock, store, times } = options
    this.#heartbeat = new LeaseHeartbeat({
      clock,
      renewMs: times.renewMs,
      renew: (leases, isApart) => store.renew(leases, isApart),
      onLost: (directory) => this.#onLost(directory),
    })
  }

  /** Acquires the lease of a target, or finds it held. Throws a SyncError where the volume fails. */
  async claim(target: Target): Promise<Claimed> {
    const { clock, store, times } = this.#options
    const { directory } = target
    const awaited = this.#awaited.get(directory)
    // Seen before this moment, and, if it is seen again, after it.
    const isExpired = awaited !== undefined && clock.now() - awaited.since >= times.expiryMs
    const lease = this.#held.get(directory)
    const answer = await store.acquire({ ...target, lease }, isExpired ? awaited.seen : undefined)
    switch (answer.state) {
      case 'held':
        this.#awaited.delete(directory)
        return { isOurs: true, lease: this.#keep(directory, answer.lease) }
      case 'unwritable':
        this.#awaited.delete(directory)
        this.drop(directory)
        return { isOurs: true, lease: undefined }
      case 'taken':
        return {
          ...answer,
          holder: cutName(answer.holder),
          isOurs: false,
          isDead: true,
          isOfOtherShard: false,
          againInMs: times.settleMs,
        }
      case 'waiting': {
        const { holder, isOfOtherShard, seen } = answer
        if (seen !== awaited?.seen) this.#awaited.set(directory, { seen, since: clock.now() })
        this.drop(directory)
        const againInMs = Math.max(times.lookMs, (this.#awaited.size * 1000) / LOOKS_PER_SECOND)
        const told = { holder: cutName(holder), isOfOtherShard, againInMs }
        return { isOurs: false, isDead: false, ...told }
      }
    }
  }

  /** Forgets a lease that is another's now. */
  drop(directory: string): void {
    const lease = this.#held.get(directory)
    if (!lease) return
    this.#held.delete(directory)
    this.#heartbeat.remove(lease)
  }

  /** Gives a lease back, and waits for none any more. Rejects where the volume fails. */
  async release(directory: string): Promise<void> {
    this.#awaited.delete(directory)
    const lease = this.#held.get(directory)
    this.drop(directory)
    if (lease) await this.#options.store.release(lease)
  }

  /** Gives all leases back, as far as their volumes let it. */
  async close(): Promise<void> {
    const directories = [...this.#held.keys()]
    // What cannot be given back expires.
    await Promise.allSettled(directories.map((directory) => this.release(directory)))
  }

  #keep(directory: string, lease: Lease): Lease {
    const last = this.#held.get(directory)
    if (last?.file === lease.file && last.id === lease.id) return last
    this.drop(directory)
    this.#held.set(directory, lease)
    this.#heartbeat.add(lease, directory)
    return lease
  }

  #onLost(directory: string): void {
    this.#held.delete(directory)
    this.#options.onLost(directory)
  }
}
