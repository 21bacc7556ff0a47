// Glob patterns as git matches them, on byte strings. The time is that of the pattern's
// length times the text's, whatever the pattern. https://git-scm.com/docs/gitignore#_pattern_format
import { type CharacterClass, isInClass, parseCharacterClass } from './character-class.js'

export type TextMatcher = (text: string) => boolean

export interface WildmatchOptions {
  /** Whether only `**` crosses a slash, as it must where a path is matched and not a name. */
  pathname: boolean
}

/**
 * The code of a character, a class of characters, or any run of them. The two tokens behind a
 * `may-vanish` can be left out.
 */
type Token = number | CharacterClass | 'run' | 'run-across-slashes' | 'may-vanish'

const SLASH = 0x2f

/** Compiles a pattern; one that is malformed matches nothing. */
export function compileWildmatch(pattern: string, { pathname }: WildmatchOptions): TextMatcher {
  const suffix = pattern.slice(1)
  if (!hasWildcard(pattern)) return (text) => text === pattern
  if (!pathname && pattern.startsWith('*') && !hasWildcard(suffix)) {
    return (text) => text.endsWith(suffix)
  }
  const tokens = tokenize(pattern, pathname)
  return tokens ? (text) => matches(tokens, text, pathname) : () => false
}

/** The length of a pattern's literal start. */
export function literalLength(pattern: string): number {
  const length = pattern.search(/[*?[\\]/)
  return length < 0 ? pattern.length : length
}

function hasWildcard(pattern: string): boolean {
  return literalLength(pattern) < pattern.length
}

function tokenize(pattern: string, pathname: boolean): Token[] | undefined {
  const tokens: Token[] = []
  for (let position = 0; position < pattern.length; position++) {
    const char = pattern.charAt(position)
    if (char === '*') {
      const start = position
      while (pattern.charAt(position + 1) === '*') position++
      tokens.push(...runOf(pattern, start, position + 1, pathname))
    } else if (char === '[') {
      const parsed = parseCharacterClass(pattern, position)
      if (!parsed) return undefined
      tokens.push(parsed.characters)
      position = parsed.end - 1
    } else if (char === '?') {
      tokens.push({ negated: true, ranges: [] })
    } else {
      if (char === '\\') position++
      if (position === pattern.length) return undefined
      tokens.push(pattern.charCodeAt(position))
    }
  }
  return tokens
}

/** What the asterisks from `start` to `end` stand for. */
function runOf(pattern: string, start: number, end: number, pathname: boolean): Token[] {
  if (!pathname) return ['run-across-slashes']
  const isWholeComponent =
    end - start > 1 &&
    (start === 0 || pattern.charAt(start - 1) === '/') &&
    (end === pattern.length || pattern.charAt(end) === '/' || pattern.startsWith('\\/', end))
  if (!isWholeComponent) return ['run']
  // `**/` may stand for nothing at all, its slash included.
  return pattern.charAt(end) === '/' ? ['may-vanish', 'run-across-slashes'] : ['run-across-slashes']
}

/** Follows all ways through the tokens at once. */
function matches(tokens: readonly Token[], text: string, pathname: boolean): boolean {
  const lastSeen = new Int32Array(tokens.length + 1).fill(-1)
  let step = 0
  let reached: number[] = []
  const reach = (index: number) => {
    if (lastSeen[index] === step) return
    lastSeen[index] = step
    reached.push(index)
    const token = tokens[index]
    if (typeof token === 'string') reach(index + 1)
    if (token === 'may-vanish') reach(index + 3)
  }
  reach(0)
  while (step < text.length && reached.length > 0) {
    const code = text.charCodeAt(step++)
    const from = reached
    reached = []
    for (const index of from) {
      const token = tokens[index]
      if (token === 'run-across-slashes' || (token === 'run' && code !== SLASH)) reach(index)
      else if (accepts(token, code, pathname)) reach(index + 1)
    }
  }
  return step === text.length && lastSeen[tokens.length] === step
}

function accepts(token: Token | undefined, code: number, pathname: boolean): boolean {
  if (typeof token === 'number') return token === code
  return typeof token === 'object' && !(pathname && code === SLASH) && isInClass(token, code)
}
