// Receives bodies whole, of which all together hold no more than a bound: who sends them is not
// known before their end.
import type { IncomingMessage } from 'node:http'
import { Refusal } from './refusal.js'

/** The longest body, in bytes: that of GitHub. */
const MAX_BODY_BYTES = 25 * 2 ** 20
/** What all bodies that are being received may have, in bytes. */
const MAX_RECEIVED_BYTES = 2 * MAX_BODY_BYTES

/** Nobody is there any more to be answered. */
export class SenderGone extends Error {
  override readonly name = 'SenderGone'
}

export class Reception {
  readonly #maxAtOnce: number
  #bytes = 0
  #requests = 0

  /** At most `maxAtOnce` bodies are received at once. */
  constructor(maxAtOnce: number) {
    this.#maxAtOnce = maxAtOnce
  }

  /**
   * Receives the body of a request, of which each chunk is given to `onChunk` as it comes, and has it
   * used. Throws a {@link Refusal} where it is too long, or too much is held at once, and
   * {@link SenderGone} where nobody is there any more.
   */
  async receive<T>(
    request: IncomingMessage,
    onChunk: (chunk: Buffer) => void,
    use: (body: Buffer) => Promise<T>,
  ): Promise<T> {
    if (Number(request.headers['content-length']) > MAX_BODY_BYTES) throw tooLarge()
    if (this.#requests >= this.#maxAtOnce) throw tooMany()
    this.#requests++
    const chunks: Buffer[] = []
    let bytes = 0
    try {
      await forEachChunk(request, (chunk) => {
        bytes += chunk.length
        this.#bytes += chunk.length
        if (bytes > MAX_BODY_BYTES) throw tooLarge()
        if (this.#bytes > MAX_RECEIVED_BYTES) throw tooMany()
        onChunk(chunk)
        chunks.push(chunk)
      })
      const body = Buffer.concat(chunks.splice(0), bytes)
      return await use(body)
    } finally {
      this.#requests--
      this.#bytes -= bytes
    }
  }
}

/** Not by an iterator, which would take the connection away that the answer goes over. */
function forEachChunk(request: IncomingMessage, work: (chunk: Buffer) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const onGone = () => reject(new SenderGone('The sender closed the connection'))
    // It tells that once, and nothing afterwards, also of a body that had come whole.
    if (request.destroyed) return onGone()
    const onData = (chunk: Buffer) => {
      try {
        work(chunk)
      } catch (error) {
        request.off('data', onData)
        reject(error)
      }
    }
    request.on('data', onData)
    request.once('end', resolve)
    request.once('close', onGone)
    request.once('error', onGone)
  })
}

function tooLarge(): Refusal {
  return new Refusal('too-large', `The body is longer than ${MAX_BODY_BYTES} bytes`)
}

function tooMany(): Refusal {
  return new Refusal('unavailable', 'Too many bodies are being received: send it again later')
}
