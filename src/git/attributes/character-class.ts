// Bracket expressions of glob patterns, on byte strings and by git's rules: `[!a-z]`,
// `[^a-z]`, `[[:alpha:]]`, escapes with a backslash, and `]` as a member where it comes first.

/** A set of bytes. */
export interface CharacterClass {
  negated: boolean
  /** Pairs of first and last byte. */
  ranges: readonly (readonly [number, number])[]
}

/** What `[:name:]` stands for: ASCII only, and git's own idea of white space. */
const NAMED: Readonly<Record<string, CharacterClass['ranges']>> = {
  alnum: ranges('09AZaz'),
  alpha: ranges('AZaz'),
  blank: ranges('\t\t  '),
  cntrl: ranges('\0\x1f\x7f\x7f'),
  digit: ranges('09'),
  graph: ranges('!~'),
  lower: ranges('az'),
  print: ranges(' ~'),
  punct: ranges('!/:@[`{~'),
  space: ranges('\t\n\r\r  '),
  upper: ranges('AZ'),
  xdigit: ranges('09AFaf'),
}

/** Whether a byte is in the class. */
export function isInClass({ negated, ranges }: CharacterClass, code: number): boolean {
  return ranges.some(([first, last]) => first <= code && code <= last) !== negated
}

/**
 * Parses the expression whose `[` is at `start`; `end` is behind its `]`. Undefined where it is
 * malformed.
 */
export function parseCharacterClass(
  pattern: string,
  start: number,
): { characters: CharacterClass; end: number } | undefined {
  let position = start + 1
  const negated = '!^'.includes(pattern.charAt(position) || ' ')
  if (negated) position++
  const found: (readonly [number, number])[] = []
  /** The character before, where it may begin a range. */
  let previous: number | undefined
  for (let isFirst = true; isFirst || pattern.charAt(position) !== ']'; isFirst = false) {
    const named = namedClass(pattern, position)
    if (named) {
      if (!named.ranges) return undefined
      found.push(...named.ranges)
      position = named.end
      previous = undefined
      continue
    }
    const isRange = pattern.charAt(position) === '-' && previous && isMember(pattern, position + 1)
    const at = isRange ? position + 1 : position
    const escaped = pattern.charAt(at) === '\\' ? at + 1 : at
    if (escaped >= pattern.length) return undefined
    const code = pattern.charCodeAt(escaped)
    found.push([isRange && previous ? previous : code, code])
    previous = isRange ? undefined : code
    position = escaped + 1
  }
  return { characters: { negated, ranges: found }, end: position + 1 }
}

function isMember(pattern: string, position: number): boolean {
  return position < pattern.length && pattern.charAt(position) !== ']'
}

/** The `[:name:]` at a position, if one is there; without ranges where there is no such name. */
function namedClass(
  pattern: string,
  start: number,
): { ranges: CharacterClass['ranges'] | undefined; end: number } | undefined {
  if (!pattern.startsWith('[:', start)) return undefined
  const close = pattern.indexOf(']', start + 2)
  if (close < 0) return { ranges: undefined, end: pattern.length }
  if (close < start + 3 || pattern.charAt(close - 1) !== ':') return undefined
  const name = pattern.slice(start + 2, close - 1)
  return { ranges: Object.hasOwn(NAMED, name) ? NAMED[name] : undefined, end: close + 1 }
}

function ranges(pairs: string): CharacterClass['ranges'] {
  return Array.from({ length: pairs.length / 2 }, (_, index) => [
    pairs.charCodeAt(2 * index),
    pairs.charCodeAt(2 * index + 1),
  ])
}
