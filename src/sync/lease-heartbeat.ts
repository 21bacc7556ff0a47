// Renews leases, as long as there are any. Each volume has its own row: one that hangs holds up
// no other, and takes few of the threads that Node has for files.
import type { Clock, Timer } from '../base/clock.js'
import type { Lease } from '../publish/lease/lease.js'

/** How many leases of one volume are renewed at once. */
const ROW_WIDTH = 2

export interface LeaseHeartbeatOptions {
  clock: Clock
  renewMs: number
  /** Returns false where the lease is lost. */
  renew: (lease: Lease) => Promise<boolean>
  /** Told of each lease that is lost; must not throw. */
  onLost: (lease: Lease) => void
}

export class LeaseHeartbeat {
  readonly #options: LeaseHeartbeatOptions
  readonly #leases = new Set<Lease>()
  /** The volumes whose leases are being renewed. */
  readonly #busy = new Set<number>()
  #timer: Timer | undefined

  constructor(options: LeaseHeartbeatOptions) {
    this.#options = options
  }

  add(lease: Lease): void {
    this.#leases.add(lease)
    this.#timer ??= this.#schedule()
  }

  remove(lease: Lease): void {
    this.#leases.delete(lease)
    if (this.#leases.size > 0) return
    this.#timer?.cancel()
    this.#timer = undefined
  }

  #schedule(): Timer {
    return this.#options.clock.schedule(this.#options.renewMs, () => {
      this.#timer = this.#schedule()
      this.#beat()
    })
  }

  #beat(): void {
    for (const volume of new Set([...this.#leases].map((lease) => lease.volume))) {
      const row = [...this.#leases].filter((lease) => lease.volume === volume)
      if (!this.#busy.has(volume)) void this.#renewRow(volume, row)
    }
  }

  async #renewRow(volume: number, row: Lease[]): Promise<void> {
    this.#busy.add(volume)
    const rest = row.values()
    await Promise.all(Array.from({ length: ROW_WIDTH }, () => this.#renewAll(rest)))
    this.#busy.delete(volume)
  }

  async #renewAll(leases: Iterable<Lease>): Promise<void> {
    for (const lease of leases) {
      if (this.#leases.has(lease) && !(await this.#isRenewed(lease))) this.#lose(lease)
    }
  }

  async #isRenewed(lease: Lease): Promise<boolean> {
    try {
      return await this.#options.renew(lease)
    } catch {
      // The volume fails, as the next work there reports; nobody else could have written either.
      return true
    }
  }

  #lose(lease: Lease): void {
    // It may have been given back meanwhile.
    if (!this.#leases.has(lease)) return
    this.remove(lease)
    this.#options.onLost(lease)
  }
}
