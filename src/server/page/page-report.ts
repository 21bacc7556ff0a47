// What the page shows, as GET /events tells it too.
import { remedyOf } from '../../base/error-codes.js'
import type { RecentPublication, RecentPublications } from '../../observe/recent-publications.js'
import type { FailingHook, LazyReport, ShownEntry, StatusReport } from '../status-route.js'

/** An entry, with what somebody should do about its error, and about those of its hooks. */
export interface PageEntry extends ShownEntry {
  /** As docs/reference/errors.md has it; null while there is no error. */
  advice: string | null
  failingHooks: readonly (FailingHook & Pick<PageEntry, 'advice'>)[]
  /** How long its last publication took, in milliseconds; null where there was none in this run. */
  lagMs: number | null
}

/** All of it: the data of the first event, `report`. */
export interface PageReport extends StatusReport {
  /** When it was made: ISO 8601. */
  madeAt: string
  entries: PageEntry[]
  /** The newest first. */
  publications: readonly RecentPublication[]
}

/** The data of each event `change`: of what is not as it was told before. */
export interface PageChange {
  listing?: StatusReport['listing']
  /** Those that changed or were added. */
  entries?: PageEntry[]
  /** Paths of entries that left the listing. */
  removed?: string[]
  publications?: readonly RecentPublication[]
}

/** The report of a status and of what was published last, at `nowMs` since the epoch. */
export function pageReport(
  status: LazyReport,
  publications: Pick<RecentPublications, 'newest' | 'lagMsOf'>,
  nowMs: number,
): PageReport {
  const entries = Array.from(status.entries, (entry) => ({
    ...entry,
    advice: (entry.error && remedyOf(entry.error.code, entry.error.hook)) ?? null,
    failingHooks: entry.failingHooks.map((failing) => ({
      ...failing,
      advice: remedyOf(failing.code, failing.hook) ?? null,
    })),
    lagMs: publications.lagMsOf(entry.path) ?? null,
  }))
  const madeAt = new Date(nowMs).toISOString()
  return { ...status, madeAt, entries, publications: publications.newest }
}
