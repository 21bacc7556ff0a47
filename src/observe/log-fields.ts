// Turns anything a log call is given into plain JSON values. Every string goes
// through redaction, values under the name of a secret are left out, and
// whatever cannot be shown (circular, too deep, throwing) never throws.
import { SyncError } from '../base/errors.js'
import { redact } from '../base/redact.js'

/** Named values of a log line; an Error under `error` becomes `errorCode` and `error`. */
export type LogFields = Readonly<Record<string, unknown>>

const MAX_DEPTH = 8
const MAX_STRING_LENGTH = 16_384
const SECRET_NAME =
  /^(?:proxy-)?authorization$|^(?:set-)?cookie$|password|passphrase|secret|token$|private-?key$/i

/** Plain, redacted copies of `fields`, in their order. */
export function toLogFields(fields: LogFields): Record<string, unknown> {
  const { error, ...others } = fields
  const plain = plainObject(others, [])
  if (error === undefined) return plain
  return error instanceof Error
    ? { ...plain, ...plainError(error, []) }
    : { ...plain, error: plainValue(error, []) }
}

/** Redacted, and cut where it is longer than a log line should be. */
export function toLogText(text: string): string {
  const redacted = redact(text)
  if (redacted.length <= MAX_STRING_LENGTH) return redacted
  return `${redacted.slice(0, MAX_STRING_LENGTH)}… (${redacted.length} characters)`
}

function plainValue(value: unknown, ancestors: readonly object[]): unknown {
  if (typeof value === 'string') return toLogText(value)
  if (typeof value === 'bigint') return String(value)
  if (typeof value !== 'object' || value === null) return value
  if (ancestors.includes(value)) return '[circular]'
  if (ancestors.length >= MAX_DEPTH) return '[too deep]'
  try {
    return plainObjectOrArray(value, [...ancestors, value])
  } catch {
    // A getter or toJSON of a foreign object failed; the log line matters more than it.
    return '[unreadable]'
  }
}

function plainObjectOrArray(value: object, ancestors: readonly object[]): unknown {
  if (value instanceof Error) return plainError(value, ancestors)
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`
  if ('toJSON' in value && typeof value.toJSON === 'function') {
    return plainValue(value.toJSON(), ancestors)
  }
  if (value instanceof Map) return plainObject(Object.fromEntries(value), ancestors)
  if (Array.isArray(value) || value instanceof Set) {
    return Array.from(value, (item) => plainValue(item, ancestors))
  }
  return plainObject(value, ancestors)
}

function plainObject(value: object, ancestors: readonly object[]): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [
      toLogText(name),
      SECRET_NAME.test(name) ? '[redacted]' : plainValue(item, ancestors),
    ]),
  )
}

/** A stack is shown only where the outermost error is one that nobody expected. */
function plainError(error: Error, ancestors: readonly object[]): Record<string, unknown> {
  const [outermost = error] = ancestors.filter((ancestor) => ancestor instanceof Error)
  const isExpected = outermost instanceof SyncError && outermost.code !== 'internal'
  const path = ancestors.includes(error) ? ancestors : [...ancestors, error]
  const { code } = error as { code?: unknown }
  return {
    ...(typeof code === 'string' && { errorCode: toLogText(code) }),
    error: toLogText(error.message || error.name),
    ...(error instanceof AggregateError && { errors: plainValue(error.errors, path) }),
    ...(error.cause !== undefined && { cause: plainValue(error.cause, path) }),
    ...(!isExpected && error.stack !== undefined && { stack: toLogText(error.stack) }),
  }
}
