// Times as people say them. Runs in the service and in the browser.

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

/** How long so many milliseconds are: `0.4 s`, `12 s`, `5 min`, `3 h`, `2 days`. */
export function durationOf(ms: number): string {
  if (ms < 10_000) return `${(Math.max(ms, 0) / 1000).toFixed(1)} s`
  return wholeDurationOf(ms)
}

/** Where a time lies, seen from `nowMs`: `now`, `12 s ago`, `in 40 s`. */
export function ageOf(time: string, nowMs: number): string {
  const ageMs = nowMs - Date.parse(time)
  if (Math.abs(ageMs) < 1000) return 'now'
  return ageMs < 0 ? `in ${wholeDurationOf(-ageMs)}` : `${wholeDurationOf(ageMs)} ago`
}

/** Where a time lies that something is due at: `in 40 s`, and `now` from then on. */
export function dueOf(time: string, nowMs: number): string {
  return ageOf(time, Math.min(nowMs, Date.parse(time)))
}

function wholeDurationOf(ms: number): string {
  if (ms < 2 * MINUTE_MS) return `${Math.floor(ms / 1000)} s`
  if (ms < 2 * HOUR_MS) return `${Math.floor(ms / MINUTE_MS)} min`
  if (ms < 2 * DAY_MS) return `${Math.floor(ms / HOUR_MS)} h`
  return `${Math.floor(ms / DAY_MS)} days`
}
