// Connections that are opened ahead of the requests that will want them, as a webhook arrives. Whoever
// connects next is given one that waits, or is being opened; what nobody wants is closed soon.
import type { Socket } from 'node:net'
import type { buildConnector } from 'undici'

/** How long one waits, in milliseconds: servers close what stays silent after a few times that. */
const KEPT_MS = 5_000

export class SpareConnections {
  readonly #open: buildConnector.connector
  readonly #keptMs: number
  /** By origin. */
  readonly #spare = new Map<string, Promise<Socket>[]>()
  #isClosed = false

  /** `open` opens each of them, and all others. */
  constructor(open: buildConnector.connector, keptMs = KEPT_MS) {
    this.#open = open
    this.#keptMs = keptMs
  }

  /** Whether any waits for `origin`, or is being opened. */
  has(origin: string): boolean {
    return this.#spare.has(origin)
  }

  /** Has `count` connections to the host of `url` wait. Never fails: one that does not open is forgotten. */
  open({ host, hostname, port, protocol, origin }: URL, count: number): void {
    if (this.#isClosed || count === 0) return
    const name = hostname.replace(/^\[(.*)\]$/, '$1')
    const target = { host, hostname: name, port, protocol }
    const sockets = Array.from({ length: count }, () => this.#opened(target))
    this.#spare.set(origin, [...(this.#spare.get(origin) ?? []), ...sockets])
    for (const socket of sockets) {
      const timer = setTimeout(() => this.#end(origin, socket), this.#keptMs).unref()
      // Its fault is told to whoever has taken it meanwhile; the next tries by itself.
      socket.catch(() => {
        clearTimeout(timer)
        this.#end(origin, socket)
      })
    }
  }

  /** What an agent connects by. */
  readonly connect: buildConnector.connector = (target, callback) => {
    const socket = this.#take(`${target.protocol}//${target.host ?? target.hostname}`)
    if (!socket) return this.#open(target, callback)
    socket.then(
      (opened) => (opened.destroyed ? this.#open(target, callback) : callback(null, opened)),
      (error: Error) => callback(error, null),
    )
  }

  /** Closes all that wait. */
  close(): void {
    this.#isClosed = true
    for (const [origin, sockets] of this.#spare) {
      for (const socket of [...sockets]) this.#end(origin, socket)
    }
  }

  #opened(target: buildConnector.Options): Promise<Socket> {
    return new Promise((resolve, reject) => {
      this.#open(target, (error, socket) => (error ? reject(error) : resolve(socket as Socket)))
    })
  }

  #take(origin: string): Promise<Socket> | undefined {
    const sockets = this.#spare.get(origin)
    const socket = sockets?.shift()
    if (sockets?.length === 0) this.#spare.delete(origin)
    return socket
  }

  /** Where nobody has taken it. */
  #end(origin: string, socket: Promise<Socket>): void {
    const sockets = this.#spare.get(origin) ?? []
    const index = sockets.indexOf(socket)
    if (index < 0) return
    sockets.splice(index, 1)
    if (sockets.length === 0) this.#spare.delete(origin)
    // Where it could not be opened, nothing is to be closed, and nobody waits for it.
    socket.then((opened) => opened.destroy()).catch(() => undefined)
  }
}
