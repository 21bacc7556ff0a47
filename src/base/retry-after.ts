// How long a server asks to be left alone. https://www.rfc-editor.org/rfc/rfc9110#field.retry-after

/** Larger numbers of a reset header are seconds since the epoch, smaller ones seconds from now. */
const EPOCH_THRESHOLD_SECONDS = 10 ** 9

/** Whatever a server asks for, it is asked again after a day. */
const LONGEST_MS = 24 * 60 * 60 * 1000

/**
 * The milliseconds from `now` (since the epoch) that Retry-After, or else a rate limit's reset,
 * asks for, at most a day; undefined where the headers do not say.
 */
export function retryAfterMs(headers: Record<string, string>, now: number): number | undefined {
  const askedMs = asked(headers, now)
  return askedMs === undefined ? undefined : Math.min(askedMs, LONGEST_MS)
}

/** Whether a refusal with these headers asks for patience only. */
export function asksForPatience(headers: Record<string, string>): boolean {
  return headers['retry-after'] !== undefined || remainingOf(headers) === '0'
}

function remainingOf(headers: Record<string, string>): string | undefined {
  return headers['x-ratelimit-remaining'] ?? headers['ratelimit-remaining']
}

function asked(headers: Record<string, string>, now: number): number | undefined {
  const retryAfter = headers['retry-after']?.trim() ?? ''
  if (/^\d+$/.test(retryAfter)) return Number(retryAfter) * 1000
  const date = Date.parse(retryAfter)
  if (!Number.isNaN(date)) return Math.max(0, date - now)

  const remaining = remainingOf(headers) ?? '0'
  const reset = Number(headers['x-ratelimit-reset'] ?? headers['ratelimit-reset'])
  if (remaining !== '0' || !Number.isFinite(reset) || reset < 0) return undefined
  return reset > EPOCH_THRESHOLD_SECONDS ? Math.max(0, reset * 1000 - now) : reset * 1000
}
