// How deep a text nests its brackets, before a parser sees it that recurs or holds it whole.

/** Where `json` first has more than `depth` brackets open; undefined where it never does. */
export function findTooDeep(json: string, depth: number): number | undefined {
  let open = 0
  let isInString = false
  for (let at = 0; at < json.length; at++) {
    const char = json.charCodeAt(at)
    if (isInString) {
      if (char === BACKSLASH) at++
      else if (char === QUOTE) isInString = false
    } else if (char === QUOTE) {
      isInString = true
    } else if (char === OPEN_BRACE || char === OPEN_BRACKET) {
      open++
      if (open > depth) return at
    } else if (char === CLOSE_BRACE || char === CLOSE_BRACKET) {
      open--
    }
  }
  return undefined
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
