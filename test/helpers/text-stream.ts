// A writable stream that keeps what is written to it, and takes its time, as a
// pipe does.
import { Writable } from 'node:stream'

/** Collects text, as a log's destination. */
export class TextStream extends Writable {
  text = ''
  isTTY: boolean

  constructor({ isTTY = false } = {}) {
    super({ decodeStrings: false })
    this.isTTY = isTTY
  }

  override _write(chunk: string, _encoding: string, done: () => void): void {
    setImmediate(() => {
      this.text += chunk
      done()
    })
  }

  /** Complete lines, without their ends. */
  get lines(): string[] {
    return this.text.split('\n').slice(0, -1)
  }

  /** Each line parsed as JSON. */
  get records(): Record<string, unknown>[] {
    return this.lines.map((line) => JSON.parse(line))
  }
}
