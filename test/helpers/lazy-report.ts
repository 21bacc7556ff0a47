// What is shown as a whole, as the service gives it: each entry once it is asked for.
import type { LazyPage, PageReport } from '../../src/server/page/page-report.js'
import type { Shown } from '../../src/server/status-route.js'

/** Entries that may change at any time. */
export function lazily<T extends { path: string }>(entries: readonly T[]): Shown<T>[] {
  return entries.map((entry) => ({ path: entry.path, stamp: undefined, show: () => entry }))
}

/** The inverse of {@link wholePage}. */
export function lazyPage({ entries, ...rest }: PageReport): LazyPage {
  return { ...rest, entries: lazily(entries) }
}

/** All of a page. */
export function wholePage({ entries, ...rest }: LazyPage): PageReport {
  return { ...rest, entries: Array.from(entries, ({ show }) => show()) }
}
