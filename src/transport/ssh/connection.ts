// One SSH connection to one host as one user: it runs commands on channels of its own,
// a bounded number at once, until it breaks, stays unused for long, or is closed.
import type { Socket } from 'node:net'
import type { Client, ClientChannel } from 'ssh2'
import type { Clock, Timer } from '../../base/clock.js'
import { SyncError } from '../../base/errors.js'
import { Slots } from '../../base/slots.js'
import { ChannelReader } from './channel-reader.js'
import type { IdleLimit } from './idle-limit.js'
import { connectionLost, toSshError } from './ssh-error.js'

export interface SshConnectionOptions {
  /** As errors show it. */
  host: string
  /** Logged in. */
  client: Client
  /** What the client runs over. */
  socket: Socket
  clock: Clock
}

export interface SshCommand {
  command: string
  env: Record<string, string>
}

/**
 * Further commands wait. By default sshd allows ten (MaxSessions), and counts one for a moment
 * longer than it runs.
 */
const MAX_CHANNELS = 8
/** How long an unused connection is kept, in milliseconds: longer than usual poll intervals. */
const KEEP_MS = 10 * 60_000

export class SshConnection {
  /** As errors show it. */
  readonly host: string
  readonly #options: SshConnectionOptions
  readonly #slots = new Slots(MAX_CHANNELS)
  readonly #onEnd: () => void
  #failure: SyncError | undefined
  #idleTimer: Timer | undefined
  #isRetired = false
  #hasRun = false

  /** `onEnd` is called once no further command can be run. */
  constructor(options: SshConnectionOptions, onEnd: () => void) {
    this.host = options.host
    this.#options = options
    this.#onEnd = onEnd
    const { client, socket, host } = options
    client.on('error', (error) => this.#fail(toSshError(error, host)))
    client.on('close', () => this.#fail(connectionLost(host, 'the server closed it')))
    if (socket.destroyed) this.#fail(connectionLost(host, 'the server closed it'))
    else this.#keepForAWhile()
  }

  /** Why the connection is no more; undefined while it is. */
  get failure(): SyncError | undefined {
    return this.#failure
  }

  /**
   * Runs a command once there is room for its channel, which is not waited for as for a server
   * that is silent. Rejects where the limit ends it, and with {@link SshConnection.failure} where
   * the connection does.
   */
  async exec(command: SshCommand, idleLimit: IdleLimit): Promise<ChannelReader> {
    for (;;) {
      await this.#slots.take(idleLimit.signal)
      this.#idleTimer?.cancel()
      const channel = await idleLimit.during((signal) => this.#open(command, signal))
      if (channel) return channel
    }
  }

  /** Whether it takes no more commands, though nothing is wrong with it. */
  get isRetired(): boolean {
    return this.#isRetired
  }

  /** Takes no more commands, and closes after the last that runs. */
  retire(): void {
    this.#isRetired = true
    this.#onEnd()
    if (this.#slots.taken === 0) this.#end(usedUp(this.host))
  }

  /** Ends every command and the connection. */
  close(): void {
    this.#end(new SyncError('aborted', `The SSH connection to ${this.host} was closed`))
  }

  /** Gives undefined where the server has no room for one more channel beside the others. */
  #open({ command, env }: SshCommand, signal: AbortSignal): Promise<ChannelReader | undefined> {
    return new Promise((resolve, reject) => {
      const onAbort = () => reject(signal.reason)
      signal.addEventListener('abort', onAbort, { once: true })
      const opened = (error: Error | undefined, channel?: ClientChannel) => {
        signal.removeEventListener('abort', onAbort)
        if (channel) return resolve(this.#begun(channel, signal))
        const isFull = error !== undefined && 'reason' in error && !this.#failure
        const isAlone = this.#slots.taken === 1
        if (isFull && !isAlone) this.#slots.shrink()
        this.#free()
        if (isFull && !isAlone) return resolve(undefined)
        if (isFull && this.#hasRun) {
          this.retire()
          return reject(usedUp(this.host))
        }
        reject(this.#failure ?? noChannel(this.host, error))
      }
      try {
        this.#options.client.exec(command, { env }, opened)
      } catch (error) {
        // The server has ended the connection, and its socket is about to close.
        this.#fail(toSshError(error, this.host))
        opened(undefined)
      }
    })
  }

  /** Listens at once: how a short command ended may come along with its start. */
  #begun(channel: ClientChannel, signal: AbortSignal): ChannelReader {
    this.#hasRun = true
    const reader = new ChannelReader(channel)
    channel.once('close', () => this.#free())
    if (signal.aborted) reader.close()
    return reader
  }

  #free(): void {
    this.#slots.free()
    if (this.#failure || this.#slots.taken > 0) return
    if (this.#isRetired) this.#end(usedUp(this.host))
    else this.#keepForAWhile()
  }

  #keepForAWhile(): void {
    this.#idleTimer?.cancel()
    this.#idleTimer = this.#options.clock.schedule(KEEP_MS, () => this.retire())
  }

  #end(failure: SyncError): void {
    this.#options.client.end()
    this.#fail(failure)
  }

  #fail(failure: SyncError): void {
    if (this.#failure) return
    this.#failure = failure
    this.#idleTimer?.cancel()
    this.#slots.close(failure)
    this.#options.socket.destroySoon()
    this.#onEnd()
  }
}

function usedUp(host: string): SyncError {
  return connectionLost(host, 'it takes no further command')
}

function noChannel(host: string, error: Error | undefined): SyncError {
  return new SyncError(
    'remote-error',
    `${host} lets this user run no command (${error?.message ?? 'no reason given'}); check that git may be used over SSH there`,
  )
}
