// git's configuration files, as git reads them, but for what they include: nothing that comes with
// a repository may. The time is that of the text's length. https://git-scm.com/docs/git-config#_syntax

/** A line that sets something. */
export interface ConfigVariable {
  /** In lower case. */
  section: string
  /** As written in quotes; undefined where there is none. */
  subsection: string | undefined
  /** In lower case. */
  name: string
  /** Undefined where the name stands alone, which means `true`. */
  value: string | undefined
}

/** What a file says. */
export interface Config {
  variables: ConfigVariable[]
  /** The first line that git does not take, from 1; what follows it is not read. */
  faultyLine: number | undefined
}

const KEY = /[A-Za-z0-9-]/
const SPACE = /[ \t\n\r]/
const ESCAPED: Readonly<Record<string, string>> = {
  t: '\t',
  b: '\b',
  n: '\n',
  '\\': '\\',
  '"': '"',
}

/** Reads a whole file, given as text or as a byte string. */
export function parseConfig(text: string): Config {
  const variables: ConfigVariable[] = []
  const reader = new CharReader(
    text.replace(/^(?:\ufeff|\xef\xbb\xbf)/, '').replaceAll('\r\n', '\n'),
  )
  let section: Pick<ConfigVariable, 'section' | 'subsection'> = {
    section: '',
    subsection: undefined,
  }
  while (!reader.isAtEnd) {
    const line = reader.line
    const first = reader.next()
    if (SPACE.test(first)) continue
    if (first === '#' || first === ';') reader.skipLine()
    else if (first === '[') {
      const header = readHeader(reader)
      if (!header) return { variables, faultyLine: line }
      section = header
    } else {
      const variable = /[A-Za-z]/.test(first) ? readVariable(first, reader) : undefined
      if (!variable) return { variables, faultyLine: line }
      variables.push({ ...section, ...variable })
    }
  }
  return { variables, faultyLine: undefined }
}

/** Reads what follows the bracket. */
function readHeader(
  reader: CharReader,
): Pick<ConfigVariable, 'section' | 'subsection'> | undefined {
  const section = reader
    .takeWhile((character) => KEY.test(character) || character === '.')
    .toLowerCase()
  const end = reader.next()
  if (end === ']') {
    if (section === '') return undefined
    const [name = '', ...rest] = section.split('.')
    return { section: name, subsection: rest.length > 0 ? rest.join('.') : undefined }
  }
  if (end !== ' ' && end !== '\t' && end !== '\r') return undefined
  reader.takeWhile((character) => SPACE.test(character) && character !== '\n')
  if (reader.next() !== '"') return undefined
  let subsection = ''
  for (;;) {
    const character = reader.next()
    if (character === '"') break
    const taken = character === '\\' ? reader.next() : character
    if (taken === '\n') return undefined
    subsection += taken
  }
  return reader.next() === ']' ? { section, subsection } : undefined
}

function readVariable(
  first: string,
  reader: CharReader,
): Pick<ConfigVariable, 'name' | 'value'> | undefined {
  const name = (first + reader.takeWhile((character) => KEY.test(character))).toLowerCase()
  reader.takeWhile((character) => character === ' ' || character === '\t')
  const next = reader.next()
  if (next === '\n') return { name, value: undefined }
  const value = next === '=' ? readValue(reader) : undefined
  return value === undefined ? undefined : { name, value }
}

/** Undefined where a quote is left open, or something is escaped that cannot be. */
function readValue(reader: CharReader): string | undefined {
  const parts: string[] = []
  let isQuoted = false
  let spaces = 0
  for (;;) {
    const character = reader.next()
    if (character === '\n') return isQuoted ? undefined : parts.join('')
    if (!isQuoted && SPACE.test(character)) {
      if (parts.length > 0) spaces++
      continue
    }
    if (!isQuoted && (character === '#' || character === ';')) {
      reader.skipLine()
      return parts.join('')
    }
    if (spaces > 0) parts.push(' '.repeat(spaces))
    spaces = 0
    if (character === '"') isQuoted = !isQuoted
    else if (character !== '\\') parts.push(character)
    else {
      const escaped = reader.next()
      const meant = ESCAPED[escaped]
      if (meant !== undefined) parts.push(meant)
      else if (escaped !== '\n') return undefined
    }
  }
}

/** Characters one by one; behind the last one there are ends of lines. */
class CharReader {
  line = 1
  readonly #text: string
  #position = 0

  constructor(text: string) {
    this.#text = text
  }

  get isAtEnd(): boolean {
    return this.#position >= this.#text.length
  }

  next(): string {
    const character = this.#text[this.#position++] ?? '\n'
    if (character === '\n') this.line++
    return character
  }

  takeWhile(isTaken: (character: string) => boolean): string {
    const start = this.#position
    while (!this.isAtEnd && isTaken(this.#text[this.#position] as string)) this.#position++
    return this.#text.slice(start, this.#position)
  }

  skipLine(): void {
    const end = this.#text.indexOf('\n', this.#position)
    this.#position = end < 0 ? this.#text.length : end
  }
}
