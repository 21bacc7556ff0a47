// A stream of bytes from one thread to another over a MessagePort, with back-pressure:
// the sender waits while too much of what it sent is not yet taken.
import type { MessagePort } from 'node:worker_threads'
import { type CrossingError, decodeError, encodeError } from './reply.js'

/** What is sent at once, in bytes. */
const BATCH_BYTES = 256 * 1024

/** How many batches may be on their way. */
const WINDOW_BATCHES = 16

type Message = { bytes: Uint8Array } | { end: true } | { fault: CrossingError } | { closed: true }

/**
 * Sends all of `chunks`; ends early, without an error, when the other side closes its port, and
 * then leaves `chunks` as soon as they give the next one, which is not waited for. An error of
 * `chunks` is passed on to the caller, and to the other side.
 */
export async function sendChunks(
  port: MessagePort,
  chunks: AsyncIterable<Uint8Array>,
): Promise<void> {
  const sender = new Sender(port)
  await Promise.race([sendAll(sender, chunks), sender.closed])
}

async function sendAll(sender: Sender, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  try {
    for await (const chunk of chunks) {
      await sender.send(chunk)
      if (sender.isClosed) return
    }
    sender.flush()
    sender.post({ end: true })
  } catch (error) {
    sender.post({ fault: encodeError(error) })
    throw error
  }
}

/** Yields the bytes that {@link sendChunks} sends. Throws what the sender failed by. */
export async function* receiveChunks(port: MessagePort): AsyncGenerator<Buffer> {
  const received: Message[] = []
  let wake = () => {}
  port.on('message', (message: Message) => {
    received.push(message)
    wake()
  })
  port.on('close', () => {
    received.push({ closed: true })
    wake()
  })
  try {
    for (;;) {
      const message = received.shift()
      if (!message) {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      } else if ('bytes' in message) {
        const { buffer, byteOffset, byteLength } = message.bytes
        yield Buffer.from(buffer, byteOffset, byteLength)
        port.postMessage('taken')
      } else if ('end' in message) {
        return
      } else if ('fault' in message) {
        throw decodeError(message.fault)
      } else {
        throw new Error('the other thread stopped sending')
      }
    }
  } finally {
    port.close()
  }
}

class Sender {
  isClosed = false
  readonly closed: Promise<void>
  readonly #port: MessagePort
  #batch: Uint8Array | undefined
  #filled = 0
  #onTheirWay = 0
  #wake = () => {}

  constructor(port: MessagePort) {
    this.#port = port
    port.on('message', () => {
      this.#onTheirWay--
      this.#wake()
    })
    this.closed = new Promise((resolve) => {
      port.on('close', () => {
        this.isClosed = true
        this.#wake()
        resolve()
      })
    })
  }

  async send(chunk: Uint8Array): Promise<void> {
    for (let start = 0; start < chunk.length; ) {
      const part = chunk.subarray(start, start + BATCH_BYTES - this.#filled)
      this.#batch ??= new Uint8Array(BATCH_BYTES)
      this.#batch.set(part, this.#filled)
      this.#filled += part.length
      start += part.length
      if (this.#filled === BATCH_BYTES) this.flush()
    }
    while (this.#onTheirWay >= WINDOW_BATCHES && !this.isClosed) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  flush(): void {
    if (!this.#batch || this.#filled === 0) return
    const bytes = this.#batch.subarray(0, this.#filled)
    this.#onTheirWay++
    this.#port.postMessage({ bytes } satisfies Message, [bytes.buffer as ArrayBuffer])
    this.#batch = undefined
    this.#filled = 0
  }

  post(message: Message): void {
    if (!this.isClosed) this.#port.postMessage(message)
  }
}
