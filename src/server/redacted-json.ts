// What leaves this process as JSON holds no credentials.
import { redact } from '../base/redact-patterns.js'

/** `value` as JSON, each of its strings without what looks like a credential. */
export function redactedJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'string' ? redact(inner) : inner,
  )
}
