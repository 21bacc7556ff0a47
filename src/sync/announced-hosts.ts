// Which hosts a webhook is likely to be of, before anybody knows whether it is one: those of the
// remotes that were announced last. However many come, a host is named once in some seconds only.
import type { Clock } from '../base/clock.js'
import type { Entry } from '../listing/entry.js'

/** So many hosts are remembered. */
const MOST_HOSTS = 4
/** How often one is named at most, in milliseconds. */
const SHORTEST_INTERVAL_MS = 5_000

export class AnnouncedHosts {
  readonly #clock: Pick<Clock, 'now'>
  /** By host, the one that was announced last at the end. */
  readonly #hosts = new Map<string, { entry: Entry; namedAt: number }>()

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock
  }

  /** A push to the remote of `entry`, which is on `host`, was announced. */
  heard(host: string, entry: Entry): void {
    const { namedAt = Number.NEGATIVE_INFINITY } = this.#hosts.get(host) ?? {}
    this.#hosts.delete(host)
    this.#hosts.set(host, { entry, namedAt })
    const [oldest = host] = this.#hosts.keys()
    if (this.#hosts.size > MOST_HOSTS) this.#hosts.delete(oldest)
  }

  /** One entry of each host that was not named just now. */
  take(): Entry[] {
    const now = this.#clock.now()
    const due = [...this.#hosts.values()].filter(
      ({ namedAt }) => now - namedAt >= SHORTEST_INTERVAL_MS,
    )
    for (const known of due) known.namedAt = now
    return due.map(({ entry }) => entry)
  }
}
