// Turns anything a log call is given into plain JSON values. Every string goes
// through redaction, values under the name of a secret are left out, and
// whatever cannot be shown (circular, too deep, throwing) never throws.
import { SyncError } from '../base/errors.js'
import type { Redactor } from '../base/known-secrets.js'
import { redact } from '../base/redact-patterns.js'

/** Named values of a log line; an Error under `error` becomes `errorCode` and `error`. */
export type LogFields = Readonly<Record<string, unknown>>

const MAX_DEPTH = 8
const MAX_STRING_LENGTH = 16_384
const SECRET_NAME =
  /^(?:proxy-)?authorization$|^(?:set-)?cookie$|password|passphrase|secret|token$|private-?key$/i

/** Where a value is. */
interface Place {
  /** The objects it is in, from the outermost. */
  ancestors: readonly object[]
  redactor: Redactor | undefined
}

/** Plain copies of `fields`, in their order, without what `redactor` or a pattern knows. */
export function toLogFields(fields: LogFields, redactor?: Redactor): Record<string, unknown> {
  const { error, ...others } = fields
  const place = { ancestors: [], redactor }
  const plain = plainObject(others, place)
  if (error === undefined) return plain
  return error instanceof Error
    ? { ...plain, ...plainError(error, place) }
    : { ...plain, error: plainValue(error, place) }
}

/** Redacted, and cut where it is longer than a log line should be. */
export function toLogText(text: string, redactor?: Redactor): string {
  const redacted = redact(redactor?.redact(text) ?? text)
  if (redacted.length <= MAX_STRING_LENGTH) return redacted
  return `${redacted.slice(0, MAX_STRING_LENGTH)}… (${redacted.length} characters)`
}

function plainValue(value: unknown, place: Place): unknown {
  if (typeof value === 'string') return toLogText(value, place.redactor)
  if (typeof value === 'bigint') return String(value)
  if (typeof value !== 'object' || value === null) return value
  if (place.ancestors.includes(value)) return '[circular]'
  if (place.ancestors.length >= MAX_DEPTH) return '[too deep]'
  try {
    return plainObjectOrArray(value, { ...place, ancestors: [...place.ancestors, value] })
  } catch {
    // A getter or toJSON of a foreign object failed; the log line matters more than it.
    return '[unreadable]'
  }
}

function plainObjectOrArray(value: object, place: Place): unknown {
  if (value instanceof Error) return plainError(value, place)
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`
  if ('toJSON' in value && typeof value.toJSON === 'function') {
    return plainValue(value.toJSON(), place)
  }
  if (value instanceof Map) return plainObject(Object.fromEntries(value), place)
  if (Array.isArray(value) || value instanceof Set) {
    return Array.from(value, (item) => plainValue(item, place))
  }
  return plainObject(value, place)
}

function plainObject(value: object, place: Place): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [
      toLogText(name, place.redactor),
      SECRET_NAME.test(name) ? '[redacted]' : plainValue(item, place),
    ]),
  )
}

/** A stack is shown only where the outermost error is one that nobody expected. */
function plainError(error: Error, { ancestors, redactor }: Place): Record<string, unknown> {
  const [outermost = error] = ancestors.filter((ancestor) => ancestor instanceof Error)
  const isExpected = outermost instanceof SyncError && outermost.code !== 'internal'
  const inside = ancestors.includes(error) ? ancestors : [...ancestors, error]
  const place = { ancestors: inside, redactor }
  const text = (words: string) => toLogText(words, redactor)
  const { code } = error as { code?: unknown }
  return {
    ...(typeof code === 'string' && { errorCode: text(code) }),
    error: text(error.message || error.name),
    ...(error instanceof AggregateError && { errors: plainValue(error.errors, place) }),
    ...(error.cause !== undefined && { cause: plainValue(error.cause, place) }),
    ...(!isExpected && error.stack !== undefined && { stack: text(error.stack) }),
  }
}
