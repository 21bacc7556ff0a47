// One kept connection for each host, user and credential. It is opened when it is first
// wanted, shared by all who want it, and opened anew after it ended.
import { setMaxListeners } from 'node:events'
import { abortable } from '../../base/abortable.js'
import { SyncError } from '../../base/errors.js'
import type { SshCredential } from '../../credentials/ssh/ssh-credential.js'
import { displayHost } from './address.js'
import type { ConnectOptions, Host } from './connect.js'
import { SshConnection } from './connection.js'

export interface PooledConnection {
  connection: SshConnection
  /** Whether it was open, or being opened, before it was asked for. */
  isKept: boolean
}

export class ConnectionPool {
  readonly #options: ConnectOptions
  readonly #connections = new Map<string, Promise<SshConnection>>()
  readonly #closing = new AbortController()

  constructor(options: ConnectOptions) {
    this.#options = options
    // Every connection that is being opened listens to it.
    setMaxListeners(0, this.#closing.signal)
  }

  /** Throws what `connect` throws, or the signal's reason. */
  async get(
    { host, port, user }: Host,
    credential: SshCredential,
    signal: AbortSignal,
  ): Promise<PooledConnection> {
    // Holds secrets: never to be shown.
    const key = JSON.stringify([host, port, user, credential])
    const kept = this.#connections.get(key)
    const connection = kept ?? this.#open(key, { host, port, user }, credential)
    return { connection: await abortable(connection, signal), isKept: kept !== undefined }
  }

  /** Ends every connection, and whatever runs on one. */
  async close(): Promise<void> {
    this.#closing.abort()
    const connections = await Promise.allSettled(this.#connections.values())
    for (const each of connections) if (each.status === 'fulfilled') each.value.close()
  }

  #open(key: string, host: Host, credential: SshCredential): Promise<SshConnection> {
    const opening = this.#connect(host, credential, () => this.#forget(key, opening))
    this.#connections.set(key, opening)
    opening.catch(() => this.#forget(key, opening))
    return opening
  }

  async #connect(host: Host, credential: SshCredential, onEnd: () => void): Promise<SshConnection> {
    const { signal } = this.#closing
    const name = displayHost(host)
    if (signal.aborted) throw new SyncError('aborted', `No connection to ${name}: all are closed`)
    // What it takes is loaded where a remote is reached over SSH, and not at each start.
    const { connect } = await import('./connect.js')
    const { client, socket } = await connect(host, credential, this.#options, signal)
    const { clock } = this.#options
    return new SshConnection({ host: name, client, socket, clock }, onEnd)
  }

  #forget(key: string, opening: Promise<SshConnection>): void {
    if (this.#connections.get(key) === opening) this.#connections.delete(key)
  }
}
