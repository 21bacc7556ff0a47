// How one log line reads: JSON for machines, or text for people. Either is one
// line, whatever the strings in it hold.

/** One line before it is written: plain, redacted values only. */
export interface LogRecord {
  /** ISO 8601. */
  timestamp: string
  level: string
  message: string
  fields: Record<string, unknown>
}

const ANSI_COLORS: Record<string, number> = { error: 31, warn: 33, info: 32, debug: 90 }
/** Controls, what steers the direction of text, and other separators of lines than a line feed. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu
const PLAIN_VALUE = /^[\w./:@+~-]+$/

/** A JSON object whose first keys are `timestamp`, `level` and `message`. */
export function formatJson({ fields, ...head }: LogRecord): string {
  const json = JSON.stringify({ ...head, ...fields, ...head })
  return json.replace(UNSEEN, (character) => escapeUnits(character, '\\u', 4))
}

/** `12:34:56.789 WARN  poll failed  entry=repos/a attempt=2 error="…"`. */
export function formatPretty(
  { timestamp, level, message, fields }: LogRecord,
  isColored: boolean,
): string {
  const time = timestamp.slice(11, -1)
  const color = ANSI_COLORS[level]
  const name = level.toUpperCase().padEnd(5)
  const coloredName = isColored && color ? `\u001b[${color}m${name}\u001b[0m` : name
  const values = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}=${prettyValue(value)}`)
  return `${time} ${coloredName} ${escapeUnseen([message, ...values].join(''))}`
}

function prettyValue(value: unknown): string {
  return typeof value === 'string' && PLAIN_VALUE.test(value) ? value : JSON.stringify(value)
}

/** A remote's words could otherwise drive the terminal, forge a line, or turn one around. */
export function escapeUnseen(text: string): string {
  return text.replace(UNSEEN, (character) =>
    character < '\u0100' ? escapeUnits(character, '\\x', 2) : escapeUnits(character, '\\u', 4),
  )
}

/** Each UTF-16 unit of `text` as `prefix` and its hexadecimal digits. */
function escapeUnits(text: string, prefix: string, digits: number): string {
  return text
    .split('')
    .map((unit) => `${prefix}${unit.charCodeAt(0).toString(16).padStart(digits, '0')}`)
    .join('')
}
