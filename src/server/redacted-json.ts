// What leaves this process holds no credentials.
import { redact } from '../base/redact-patterns.js'

/** `value` as JSON, each of its strings without what looks like a credential. */
export function redactedJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'string' ? redact(inner) : inner,
  )
}

/** A copy of plain values, each of its strings without what looks like a credential. */
export function redactedCopy<T>(value: T): T {
  return copyOf(value) as T
}

function copyOf(value: unknown): unknown {
  if (typeof value === 'string') return redact(value)
  if (Array.isArray(value)) return value.map(copyOf)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, copyOf(inner)]))
}
