// Reads what a command says: its output, no faster than it is wanted, the start of its
// complaints, and how it ended.
import type { ClientChannel } from 'ssh2'
import type { Exit } from './ssh-error.js'

/** What is read ahead, in bytes, beside what the channel holds. */
const AHEAD_BYTES = 256 * 1024
/** How much of what a command says on stderr is kept, in characters. */
const MAX_STDERR = 2000

export class ChannelReader {
  /** How the command ended, as far as the server says it. */
  readonly exit: Exit = { code: undefined, signal: undefined }
  readonly #channel: ClientChannel
  #stderr = ''
  #queue: Buffer[] = []
  #queuedBytes = 0
  #isClosed = false
  #wake: () => void = () => {}

  constructor(channel: ClientChannel) {
    this.#channel = channel
    channel.on('data', (chunk: Buffer) => this.#add(chunk))
    channel.stderr.on('data', (chunk: Buffer) => {
      this.#stderr = (this.#stderr + chunk.toString('utf8')).slice(0, MAX_STDERR)
    })
    channel.on('exit', (code: number | null, signal?: string) => {
      this.exit.code = code ?? undefined
      this.exit.signal = signal
    })
    channel.on('close', () => {
      this.#isClosed = true
      this.#wake()
    })
  }

  /** Sends all that the command is given. */
  send(input: Buffer): void {
    this.#channel.end(input)
  }

  /** What the command said beside its output. */
  get stderr(): string {
    return this.#stderr
  }

  /** What was received, in order; undefined after the end. Rejects with the signal's reason. */
  async next(signal: AbortSignal): Promise<Buffer | undefined> {
    for (;;) {
      signal.throwIfAborted()
      const chunk = this.#queue.shift()
      if (chunk) {
        this.#queuedBytes -= chunk.length
        return chunk
      }
      if (this.#isClosed) return undefined
      this.#channel.resume()
      await this.#somethingHappens(signal)
    }
  }

  /** Closes the channel, and reads what is on its way to nobody. */
  close(): void {
    this.#isClosed = true
    this.#queue = []
    this.#channel.close()
    this.#channel.resume()
  }

  #add(chunk: Buffer): void {
    if (this.#isClosed) return
    this.#queue.push(chunk)
    this.#queuedBytes += chunk.length
    if (this.#queuedBytes >= AHEAD_BYTES) this.#channel.pause()
    this.#wake()
  }

  #somethingHappens(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const onAbort = () => reject(signal.reason)
      signal.addEventListener('abort', onAbort, { once: true })
      this.#wake = () => {
        signal.removeEventListener('abort', onAbort)
        resolve()
      }
    })
  }
}
