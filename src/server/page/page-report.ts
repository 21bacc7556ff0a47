// What the page shows, as GET /events tells it too.
import { remedyOf } from '../../base/error-codes.js'
import type { RecentPublication, RecentPublications } from '../../observe/recent-publications.js'
import type { FailingHook, LazyReport, Shown, ShownEntry, StatusReport } from '../status-route.js'

/** An entry, with what somebody should do about its error, and about those of its hooks. */
export interface PageEntry extends ShownEntry {
  /** As docs/reference/errors.md has it; null while there is no error. */
  advice: string | null
  failingHooks: readonly (FailingHook & Pick<PageEntry, 'advice'>)[]
  /** How long its last publication took, in milliseconds; null where there was none in this run. */
  lagMs: number | null
}

/** All of it: the data of the first event, `report`. */
export interface PageReport extends Omit<StatusReport, 'elsewhere' | 'shard'> {
  shard?: StatusReport['shard'] | undefined
  /** When it was made: ISO 8601. */
  madeAt: string
  entries: PageEntry[]
  /** The newest first. */
  publications: readonly RecentPublication[]
}

/** Of which each entry is made as it is asked for. */
export interface LazyPage extends Omit<PageReport, 'entries'> {
  entries: Iterable<Shown<PageEntry>>
}

/** The data of each event `change`: of what is not as it was told before. */
export interface PageChange {
  listing?: StatusReport['listing']
  shard?: StatusReport['shard']
  /** Those that changed or were added. */
  entries?: PageEntry[]
  /** Paths of entries that left the listing. */
  removed?: string[]
  publications?: readonly RecentPublication[]
}

/** The report of a status and of what was published last, at `nowMs` since the epoch. */
export function pageReport(
  { build, entries, listing, shard }: LazyReport,
  publications: Pick<RecentPublications, 'newest' | 'lagMsOf'>,
  nowMs: number,
): LazyPage {
  const madeAt = new Date(nowMs).toISOString()
  const pageEntries = pageEntriesOf(entries, (path) => publications.lagMsOf(path) ?? null)
  const { newest } = publications
  return {
    build,
    listing,
    ...(shard && { shard }),
    madeAt,
    entries: pageEntries,
    publications: newest,
  }
}

function* pageEntriesOf(
  entries: LazyReport['entries'],
  lagMsOf: (path: string) => number | null,
): Generator<Shown<PageEntry>> {
  for (const { path, stamp, show } of entries) {
    yield { path, stamp, show: () => pageEntryOf(show(), lagMsOf(path)) }
  }
}

function pageEntryOf(entry: ShownEntry, lagMs: number | null): PageEntry {
  return {
    ...entry,
    advice: (entry.error && remedyOf(entry.error.code, entry.error.hook)) ?? null,
    failingHooks: entry.failingHooks.map((failing) => ({
      ...failing,
      advice: remedyOf(failing.code, failing.hook) ?? null,
    })),
    lagMs,
  }
}
