// Renews leases, as long as there are any. Each volume has its own row: one that hangs holds up
// no other.
import type { Clock, Timer } from '../base/clock.js'
import type { Lease } from '../publish/lease/lease.js'

export interface LeaseHeartbeatOptions {
  clock: Clock
  renewMs: number
  /** Renews the leases of one volume; returns for each whether it still is held. */
  renew: (leases: readonly Lease[]) => Promise<boolean[]>
  /** Told of the directory of each lease that is lost; must not throw. */
  onLost: (directory: string) => void
}

export class LeaseHeartbeat {
  readonly #options: LeaseHeartbeatOptions
  /** With the directory that each is for. */
  readonly #leases = new Map<Lease, string>()
  /** The volumes whose leases are being renewed. */
  readonly #busy = new Set<number>()
  #timer: Timer | undefined

  constructor(options: LeaseHeartbeatOptions) {
    this.#options = options
  }

  add(lease: Lease, directory: string): void {
    this.#leases.set(lease, directory)
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
    const leases = [...this.#leases.keys()]
    for (const volume of new Set(leases.map((lease) => lease.volume))) {
      const row = leases.filter((lease) => lease.volume === volume)
      if (!this.#busy.has(volume)) void this.#renewRow(volume, row)
    }
  }

  async #renewRow(volume: number, row: readonly Lease[]): Promise<void> {
    this.#busy.add(volume)
    // Where no thread is to be had, the next beat tries again.
    const held = await this.#options.renew(row).catch(() => [])
    for (const [index, lease] of row.entries()) if (held[index] === false) this.#lose(lease)
    this.#busy.delete(volume)
  }

  #lose(lease: Lease): void {
    const directory = this.#leases.get(lease)
    // It may have been given back meanwhile.
    if (directory === undefined) return
    this.remove(lease)
    this.#options.onLost(directory)
  }
}
