// What is new in a report, compared with the one before.
import type { PageChange, PageReport } from './page-report.js'

/** What was not told yet by `before`; undefined where that is nothing. */
export function changeOf(before: PageReport, now: PageReport): PageChange | undefined {
  const known = new Map(before.entries.map((entry) => [entry.path, JSON.stringify(entry)]))
  const entries = now.entries.filter((entry) => known.get(entry.path) !== JSON.stringify(entry))
  for (const { path } of now.entries) known.delete(path)
  const removed = [...known.keys()]
  const change: PageChange = {
    ...(JSON.stringify(before.listing) !== JSON.stringify(now.listing) && { listing: now.listing }),
    ...(entries.length > 0 && { entries }),
    ...(removed.length > 0 && { removed }),
    ...(before.publications !== now.publications && { publications: now.publications }),
  }
  return Object.keys(change).length > 0 ? change : undefined
}
