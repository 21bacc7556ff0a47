// In which order entries are shown. Runs in the service and in the browser.
import type { Condition } from '../../sync/state/lifecycle.js'
import type { PageEntry } from './page-report.js'

/** What somebody has to look at comes first. */
export const BY_URGENCY: readonly Condition[] = [
  'stalled',
  'failing',
  'waiting',
  'syncing',
  'pending',
  'suspended',
  'synced',
]

/** What a table of entries can be sorted by. */
export type SortKey = 'state' | 'path' | 'published' | 'lag'

const COMPARE: Readonly<Record<SortKey, (a: PageEntry, b: PageEntry) => number>> = {
  state: (a, b) => BY_URGENCY.indexOf(a.state) - BY_URGENCY.indexOf(b.state) || longest(a, b),
  path: () => 0,
  published: (a, b) => timeOf(b.lastPublished) - timeOf(a.lastPublished),
  lag: (a, b) => (b.lagMs ?? -1) - (a.lagMs ?? -1),
}

/** How many rows the table has at most: more, nobody reads, and no browser lays out at once. */
export const MOST_ROWS = 500

/** Sorts entries; those that are alike, by path. */
export function sortEntries(entries: Iterable<PageEntry>, key: SortKey): PageEntry[] {
  return [...entries].sort((a, b) => COMPARE[key](a, b) || (a.path < b.path ? -1 : 1))
}

/** Of two that need somebody alike, the one that has for longer. */
function longest(a: PageEntry, b: PageEntry): number {
  return needsSomebody(a) ? Date.parse(a.since) - Date.parse(b.since) : 0
}

/** Whether somebody should look at it now. */
export function needsSomebody({ state }: Pick<PageEntry, 'state'>): boolean {
  return state === 'stalled' || state === 'failing'
}

function timeOf(time: string | null): number {
  return time === null ? 0 : Date.parse(time)
}
