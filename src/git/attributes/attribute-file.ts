// Parses a `.gitattributes` file, as git does where it checks files out: lines it cannot use
// are passed over whole. https://git-scm.com/docs/gitattributes

/** Set, unset, set to a value; undefined where a line says that it is unspecified. */
export type AttributeValue = true | false | string | undefined

export interface AttributeState {
  name: string
  value: AttributeValue
}

/** What a pattern gives to the paths it means, or what a macro stands for. */
export interface AttributeLine {
  /** A pattern, as a byte string, or the name of a macro. */
  subject: string
  isMacro: boolean
  states: AttributeState[]
}

/** From this length on, in bytes, git passes over a line. */
const MAX_LINE_BYTES = 2048
/** From this size on, in bytes, git passes over a file. */
const MAX_FILE_BYTES = 100 * 1024 * 1024

const MACRO = '[attr]'
const BLANKS = /[ \t\r\n]+/
const NAME = /^(?!-)[-.\w]+$/

/** The lines of an attributes file that mean something. */
export function parseAttributes(body: Buffer): AttributeLine[] {
  if (body.length >= MAX_FILE_BYTES) return []
  const nul = body.indexOf(0)
  const text = nul < 0 ? body : body.subarray(0, nul)
  const lines: AttributeLine[] = []
  for (let start = 0; start < text.length; ) {
    const lineEnd = text.indexOf(0x0a, start)
    const end = lineEnd < 0 ? text.length : lineEnd
    const isUsed = end - start < MAX_LINE_BYTES
    const line = isUsed ? parseLine(text.toString('latin1', start, end)) : undefined
    if (line) lines.push(line)
    start = end + 1
  }
  return lines
}

function parseLine(line: string): AttributeLine | undefined {
  const content = line.replace(/^[ \t\r]+/, '')
  if (content === '' || content.startsWith('#')) return undefined
  const { subject, rest } = unquote(content) ?? cutAtBlank(content)
  const states = parseStates(rest)
  if (!states) return undefined
  if (!subject.startsWith(MACRO) || subject === MACRO) {
    // The rest of git sees a C string.
    const pattern = subject.split('\0', 1)[0] as string
    return pattern.startsWith('!') ? undefined : { subject: pattern, isMacro: false, states }
  }
  const name = cutAtBlank(subject.slice(MACRO.length).replace(/^[ \t\r\n]+/, '')).subject
  return NAME.test(name) ? { subject: name, isMacro: true, states } : undefined
}

/** Undefined where one of the names is none: then the whole line counts for nothing. */
function parseStates(text: string): AttributeState[] | undefined {
  const states = text.split(BLANKS).filter(Boolean).map(parseState)
  return states.every(({ name }) => NAME.test(name)) ? states : undefined
}

function parseState(text: string): AttributeState {
  const equals = text.indexOf('=')
  const name = equals < 0 ? text : text.slice(0, equals)
  if (name.startsWith('-')) return { name: name.slice(1), value: false }
  if (name.startsWith('!')) return { name: name.slice(1), value: undefined }
  return { name, value: equals < 0 ? true : text.slice(equals + 1) }
}

function cutAtBlank(text: string): { subject: string; rest: string } {
  const blank = text.search(BLANKS)
  return blank < 0
    ? { subject: text, rest: '' }
    : { subject: text.slice(0, blank), rest: text.slice(blank) }
}

const ESCAPES: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  '"': '"',
}

/** A pattern quoted as in C; undefined where it is none, and the quote is part of the pattern. */
function unquote(text: string): { subject: string; rest: string } | undefined {
  const quoted = /^"((?:[^"\\]|\\[abfnrtv\\"]|\\[0-3][0-7]{2})*)"/.exec(text)
  if (!quoted) return undefined
  const [whole, inner = ''] = quoted
  const subject = inner.replace(/\\([0-7]{3}|.)/g, (_, code: string) =>
    code.length === 3 ? String.fromCharCode(Number.parseInt(code, 8)) : (ESCAPES[code] as string),
  )
  return { subject, rest: text.slice(whole.length) }
}
