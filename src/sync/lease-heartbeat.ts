// Renews leases, as long as there are any. Each volume has its own row, one after the other: one that
// hangs holds up the next but for a moment, and no other is renewed by the same threads any more.
import type { Clock, Timer } from '../base/clock.js'
import type { Lease } from '../publish/lease/lease.js'

export interface LeaseHeartbeatOptions {
  clock: Clock
  renewMs: number
  /**
   * Renews the leases of one volume; returns for each whether it still is held. `isApart` asks for a
   * thread of their own, as another volume keeps those that are shared.
   */
  renew: (leases: readonly Lease[], isApart: boolean) => Promise<boolean[]>
  /** Told of the directory of each lease that is lost; must not throw. */
  onLost: (directory: string) => void
}

/** After so many milliseconds the next volume has its turn. */
const PATIENCE_MS = 200

export class LeaseHeartbeat {
  readonly #options: LeaseHeartbeatOptions
  /** With the directory that each is for. */
  readonly #leases = new Map<Lease, string>()
  /** The volumes whose leases are being renewed. */
  readonly #busy = new Set<number>()
  #timer: Timer | undefined
  #isBeating = false

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
      if (!this.#isBeating) void this.#beat()
    })
  }

  async #beat(): Promise<void> {
    this.#isBeating = true
    const leases = [...this.#leases.keys()]
    for (const volume of new Set(leases.map((lease) => lease.volume))) {
      if (this.#busy.has(volume)) continue
      const row = leases.filter((lease) => lease.volume === volume && this.#leases.has(lease))
      await this.#patiently(this.#renewRow(volume, row))
    }
    this.#isBeating = false
  }

  /** Waits for a row, unless it takes long. */
  #patiently(row: Promise<void>): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#options.clock.schedule(PATIENCE_MS, resolve)
      void row.then(() => {
        timer.cancel()
        resolve()
      })
    })
  }

  async #renewRow(volume: number, row: readonly Lease[]): Promise<void> {
    const isApart = this.#busy.size > 0
    this.#busy.add(volume)
    // Where no thread is to be had, the next beat tries again.
    const held = await this.#options.renew(row, isApart).catch(() => [])
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
