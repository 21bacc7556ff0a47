// Knows to which origins an agent has connections open.
import type { Agent } from 'undici'

/** Counts the open connections of `agent` by origin; forgets an origin with its last one. */
export class OpenConnections {
  readonly #counts = new Map<string, number>()

  constructor(agent: Agent) {
    agent.on('connect', ({ origin }) => this.#add(origin, 1))
    agent.on('disconnect', ({ origin }) => this.#add(origin, -1))
  }

  /** How many are open to `origin`. */
  countOf(origin: string): number {
    return this.#counts.get(origin) ?? 0
  }

  #add(origin: string, change: 1 | -1): void {
    const count = this.countOf(origin) + change
    if (count > 0) this.#counts.set(origin, count)
    else this.#counts.delete(origin)
  }
}
