// Single values as users write them in the environment or on the command line.
// Each parser throws a RangeError whose message says what is wrong.

import { suggestion } from './did-you-mean.js'
import { parseDuration } from './duration.js'

/** `true` or `1`, `false` or `0`. */
export function parseBoolean(text: string): boolean {
  switch (text.trim().toLowerCase()) {
    case 'true':
    case '1':
      return true
    case 'false':
    case '0':
      return false
    default:
      throw new RangeError(`must be true or false, not ${JSON.stringify(text)}`)
  }
}

/** A parser of whole numbers within limits, both included. */
export function integerBetween(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text.trim()) ? Number(text) : Number.NaN
    if (value >= min && value <= max) return value
    throw new RangeError(
      `must be a whole number from ${min} to ${max}, not ${JSON.stringify(text)}`,
    )
  }
}

/** A share from 0 to 1, such as `0.1`. */
export function parseShare(text: string): number {
  const value = /^(?:\d+\.?\d*|\.\d+)$/.test(text.trim()) ? Number(text) : Number.NaN
  if (value >= 0 && value <= 1) return value
  throw new RangeError(`must be a number from 0 to 1, not ${JSON.stringify(text)}`)
}

/** A parser of one of a few names. */
export function oneOf<const T extends string>(names: readonly T[]): (text: string) => T {
  return (text) => {
    const found = names.find((name) => name === text.trim())
    if (found !== undefined) return found
    throw new RangeError(
      `must be one of ${names.join(', ')}, not ${JSON.stringify(text)}${suggestion(text, names)}`,
    )
  }
}

/** {@link parseDuration} for what must not be zero. */
export function parseTimeout(text: string): number {
  const timeoutMs = parseDuration(text)
  if (timeoutMs > 0) return timeoutMs
  throw new RangeError('must be longer than 0: the service would never finish anything')
}

/** A host name or address to listen on. */
export function parseHost(text: string): string {
  const host = text.trim()
  if (/^[^\s/]+$/.test(host)) return host
  throw new RangeError(`must be a host name or an address, not ${JSON.stringify(text)}`)
}
