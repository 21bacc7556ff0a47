// JSON.parse whose error names the line and the column, and never quotes the
// text, since configuration may hold secrets. Nothing that nests deeply is parsed:
// what goes through a document recurs. https://www.rfc-editor.org/rfc/rfc8259
import { findTooDeep } from './json-depth.js'

/** How deep brackets may nest. */
const MAX_DEPTH = 32

/** Where and how a text stops being JSON that is parsed. */
export class JsonSyntaxError extends Error {
  override readonly name = 'JsonSyntaxError'
  /** Both start at 1; columns count UTF-16 units. */
  readonly line: number
  readonly column: number

  constructor(line: number, column: number, expectation: string) {
    super(`is not JSON: line ${line}, column ${column}: ${expectation}`)
    this.line = line
    this.column = column
  }

  /** The fault at `offset` of `json`. */
  static at(json: string, offset: number, expectation: string): JsonSyntaxError {
    let line = 1
    let start = 0
    for (let end = json.indexOf('\n'); end >= 0 && end < offset; end = json.indexOf('\n', start)) {
      line++
      start = end + 1
    }
    return new JsonSyntaxError(line, offset - start + 1, expectation)
  }
}

/** Parses `text`, with or without a byte order mark. Throws {@link JsonSyntaxError}. */
export function parseJson(text: string): unknown {
  const json = text.replace(/^\uFEFF/, '')
  const tooDeep = findTooDeep(json, MAX_DEPTH)
  if (tooDeep !== undefined) {
    const expectation = `brackets are nested more than ${MAX_DEPTH} deep`
    throw JsonSyntaxError.at(json, tooDeep, expectation)
  }
  try {
    return JSON.parse(json)
  } catch {
    // V8 quotes the text around the fault and often leaves out its place.
    const { offset, expectation } = findFault(json)
    throw JsonSyntaxError.at(json, offset, expectation)
  }
}

const WHITE_SPACE = /[ \t\r\n]*/.source
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON forbids them in strings
const PLAIN = /[^"\\\u0000-\u001f]*/.source
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/.source
// Plain characters have a loop of their own, as alternatives overflow the stack in a long string.
const STRING = `"${PLAIN}(?:${ESCAPE}${PLAIN})*"`
const SCALAR = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?![\w.+-])/.source

type Expected = 'value' | 'value or ]' | 'key' | 'key or }' | ':' | ', or end' | 'nothing'

/** Walks the tokens of a text that is known to be faulty, as far as they are JSON. */
function findFault(json: string): { offset: number; expectation: string } {
  // A sticky pattern keeps its place, so that these live no longer than this walk.
  const space = new RegExp(WHITE_SPACE, 'y')
  const string = new RegExp(STRING, 'y')
  const scalar = new RegExp(SCALAR, 'y')
  const open: string[] = []
  let expected: Expected = 'value'
  let offset = 0
  for (;;) {
    offset += match(space, json, offset)
    const char = json[offset] ?? ''
    const isKey = expected.startsWith('key')
    const isValue = expected.startsWith('value')
    let length = char.length
    if (isValue && (char === '{' || char === '[')) {
      open.push(char)
      expected = char === '{' ? 'key or }' : 'value or ]'
    } else if (closes(char, open.at(-1), expected)) {
      open.pop()
      expected = open.length > 0 ? ', or end' : 'nothing'
    } else if (char === ',' && expected === ', or end') {
      expected = open.at(-1) === '{' ? 'key' : 'value'
    } else if (char === ':' && expected === ':') {
      expected = 'value'
    } else if (isKey || isValue) {
      length = match(string, json, offset) || (isValue ? match(scalar, json, offset) : 0)
      if (length === 0) return { offset, expectation: explain(expected, char, open.at(-1)) }
      if (isKey) expected = ':'
      else expected = open.length > 0 ? ', or end' : 'nothing'
    } else {
      return { offset, expectation: explain(expected, char, open.at(-1)) }
    }
    offset += length
  }
}

function closes(char: string, opened: string | undefined, expected: Expected): boolean {
  if (opened === '{') return char === '}' && (expected === 'key or }' || expected === ', or end')
  if (opened === '[') return char === ']' && (expected === 'value or ]' || expected === ', or end')
  return false
}

function match(pattern: RegExp, json: string, offset: number): number {
  pattern.lastIndex = offset
  return pattern.test(json) ? pattern.lastIndex - offset : 0
}

function explain(expected: Expected, char: string, opened: string | undefined): string {
  if (char === '') {
    return opened === undefined
      ? 'the text is empty'
      : `the text ends before the last ${opened} is closed`
  }
  const isWanted = expected.startsWith('key') || expected.startsWith('value')
  if (char === '"' && isWanted) return 'this string does not end on its line, or holds a bad escape'
  if (char === "'" && isWanted) return 'strings take double quotes'
  if (char === '/' || char === '#') return 'JSON has no comments'
  switch (expected) {
    case 'key':
    case 'value':
      if (char === '}' || char === ']') {
        return expected === 'key' || opened === '['
          ? 'a comma too many before this'
          : 'a value is missing'
      }
      return expected === 'key' ? 'expected a field name in double quotes' : 'expected a value'
    case 'key or }':
      return 'expected a field name in double quotes, or }'
    case 'value or ]':
      return 'expected a value, or ]'
    case ':':
      return 'expected a colon after the field name'
    case ', or end':
      return `expected a comma or ${opened === '{' ? '}' : ']'}`
    case 'nothing':
      return 'expected nothing after the end of the document'
  }
}
