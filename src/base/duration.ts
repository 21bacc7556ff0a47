// Durations as users write them. The library accepts almost any text, so only
// what passes a strict check reaches it.
import parse from 'parse-duration'

const BARE_NUMBER = /^\d+(?:\.\d+)?$/
const PARTS = ['d', 'h', 'm(?!s)', 's', 'ms'].map(
  (unit) => String.raw`(?:\d+(?:\.\d+)? *${unit} *)?`,
)
const WITH_UNITS = new RegExp(`^${PARTS.join('')}$`)

/** The longest duration a setting or an entry may ask for, in milliseconds: a year. */
const MAX_DURATION_MS = 365 * 24 * 60 * 60 * 1000

/**
 * Parses `1h 30s`, `10m`, `250ms` or a bare number of milliseconds; units come largest first.
 * Returns whole milliseconds. Throws a RangeError whose message says what is wrong.
 */
export function parseDuration(text: string): number {
  const trimmed = text.trim()
  if (trimmed === '') throw new RangeError('is empty: write a duration such as 60s')
  if (/^-\s*[\d.]/.test(trimmed)) throw new RangeError(`must not be negative: ${quote(trimmed)}`)
  const isDuration = BARE_NUMBER.test(trimmed) || WITH_UNITS.test(trimmed)
  const ms = isDuration ? parse(trimmed) : null
  if (ms === null) {
    throw new RangeError(
      `must be a duration such as 60s, 10m or 1h 30s (units d h m s ms, largest first; a bare number is milliseconds), not ${quote(trimmed)}`,
    )
  }
  if (ms > MAX_DURATION_MS) throw new RangeError(`must be at most 365d, not ${quote(trimmed)}`)
  return Math.round(ms)
}

/** The shortest interval between polls, in milliseconds. */
const MIN_INTERVAL_MS = 1

/** {@link parseDuration} for the time between polls. */
export function parseInterval(text: string): number {
  const intervalMs = parseDuration(text)
  if (intervalMs >= MIN_INTERVAL_MS) return intervalMs
  throw new RangeError(`must be at least ${MIN_INTERVAL_MS}ms, not ${quote(text.trim())}`)
}

function quote(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text)
}
