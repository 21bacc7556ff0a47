// What a program prints: its first lines as they come, and its last ones in the end. However much
// it prints, no more than that is held.
import { StringDecoder } from 'node:string_decoder'

/** So many lines of a run are passed on, and so much of each. */
const MAX_LINES = 200
const MAX_LINE_CHARACTERS = 1000

/** So much of its end is kept, in bytes; so many lines of that are told. */
const TAIL_BYTES = 4096
const TAIL_LINES = 10

/** Control characters would do something to a terminal. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is meant
const CONTROL = /\x1b\[[0-9;?]*[A-Za-z]|[\x00-\x08\x0b-\x1f\x7f]/g

export class ProgramOutput {
  readonly #onLine: (line: string) => void
  readonly #decoder = new StringDecoder('utf8')
  #lines = 0
  /** The line that has not ended yet. */
  #rest = ''
  #isCut = false
  #tail: Buffer = Buffer.alloc(0)

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine
  }

  write(chunk: Buffer): void {
    const end = chunk.subarray(-TAIL_BYTES)
    this.#tail = Buffer.concat([this.#tail, end]).subarray(-TAIL_BYTES)
    if (this.#isCut) return
    const lines = (this.#rest + this.#decoder.write(chunk)).split('\n')
    this.#rest = lines.pop() ?? ''
    // Of an endless line, the start is as good as all of it.
    if (this.#rest.length > MAX_LINE_CHARACTERS)
      this.#rest = this.#rest.slice(0, MAX_LINE_CHARACTERS + 1)
    for (const line of lines) this.#tell(line)
  }

  end(): void {
    if (this.#rest !== '') this.#tell(this.#rest)
  }

  /** The last lines, for an error. */
  get lastLines(): string {
    const text = clean(this.#tail.toString('utf8')).trimEnd()
    return text.split('\n').slice(-TAIL_LINES).join('\n')
  }

  #tell(line: string): void {
    if (this.#isCut) return
    const text = clean(line)
    if (text === '') return
    this.#isCut = this.#lines++ === MAX_LINES
    const isLong = text.length > MAX_LINE_CHARACTERS
    if (this.#isCut) this.#onLine('… (the rest is not shown)')
    else this.#onLine(isLong ? `${text.slice(0, MAX_LINE_CHARACTERS)}…` : text)
  }
}

function clean(text: string): string {
  return text.replaceAll('\r\n', '\n').replace(CONTROL, '')
}
