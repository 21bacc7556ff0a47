// Inflates a zlib stream as it arrives, whatever its size.
import { createInflate } from 'node:zlib'
import { corrupt } from '../git/corrupt.js'

/** Inflates one zlib stream that arrives in pieces and is followed by other bytes. */
export class StreamInflate {
  readonly #inflate = createInflate({ chunkSize: 256 * 1024 })
  #fedBytes = 0
  #hasEnded = false
  #fault: unknown

  constructor(sink: (piece: Buffer) => void) {
    this.#inflate.on('data', (piece: Buffer) => {
      try {
        if (!this.#fault) sink(piece)
      } catch (error) {
        this.#fail(error)
      }
    })
    this.#inflate.on('error', (error) =>
      this.#fail(corrupt('has an object that does not inflate', error)),
    )
    this.#inflate.on('end', () => {
      this.#hasEnded = true
    })
  }

  /** How many bytes the stream took. */
  get deflatedBytes(): number {
    return this.#inflate.bytesWritten
  }

  /** Feeds more; once the stream has ended, returns the bytes that follow it. */
  async feed(bytes: Buffer): Promise<Buffer | undefined> {
    this.#fedBytes += bytes.length
    await new Promise<void>((resolve) => {
      // At the stream's end it does not call back, hence three ways to go on.
      const done = () => {
        this.#inflate.off('end', done).off('close', done)
        resolve()
      }
      this.#inflate.on('end', done).on('close', done)
      this.#inflate.write(bytes, done)
    })
    if (this.#fault) throw this.#fault
    if (!this.#hasEnded) return undefined
    this.close()
    return bytes.subarray(bytes.length - (this.#fedBytes - this.deflatedBytes))
  }

  close(): void {
    this.#inflate.destroy()
  }

  #fail(error: unknown): void {
    this.#fault ??= error
    this.#inflate.destroy()
  }
}
