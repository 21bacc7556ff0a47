// What both sides of a handshake offer, as ssh2 tells its log while it looks for what they share.

const OFFER = /^Handshake: \((local|remote)\) [^:]+: (.*)$/

/** The algorithms of the kind that was compared last. */
export class Offers {
  #local = ''
  #remote = ''

  /** Takes a line of ssh2's log. */
  hear(line: string): void {
    const [, side, algorithms = ''] = OFFER.exec(line) ?? []
    if (side === 'local') this.#local = algorithms
    if (side === 'remote') this.#remote = algorithms
  }

  /** Both, as the end of what is said of algorithms that do not match. */
  toString(): string {
    const list = (algorithms: string) => [...new Set(algorithms.split(','))].join(', ')
    return `the host offers ${list(this.#remote)}; this service has ${list(this.#local)}`
  }
}
