// What the page can have to show: entries in every state, and many of them.
import type { RecentPublication } from '../../src/observe/recent-publications.js'
import { type PageReport, pageReport } from '../../src/server/page/page-report.js'
import type { ShownEntry } from '../../src/server/status-route.js'
import { entryStatus } from './entry-status.js'
import { lazily, wholePage } from './lazy-report.js'

/** The time that all of it is told at. */
export const NOW = Date.parse('2026-01-02T03:04:05.000Z')

const ago = (seconds: number) => new Date(NOW - seconds * 1000).toISOString()
const oidOf = (number: number) => number.toString(16).padStart(4, '0').repeat(10)

/** A published entry, but for what is said otherwise. */
export function publishedEntry(number: number, fields: Partial<ShownEntry> = {}): ShownEntry {
  return entryStatus({
    path: `/srv/content/site-${number}`,
    repo: `https://git.example.com/team/site-${number}.git`,
    oid: oidOf(number + 1),
    subject: 'Correct the opening hours of the branch in the old town',
    author: 'A. Writer',
    committedAt: ago(7200 + number),
    state: 'synced',
    since: ago(3600 + number),
    lastPolled: ago(number % 60),
    lastPublished: ago(3600 + number),
    nextPoll: ago(-(60 - (number % 60))),
    ...fields,
  })
}

const SYNCING: Partial<ShownEntry> = {
  state: 'syncing',
  since: ago(14),
  progress: { phase: 'unpack', receivedBytes: 48_000_000, filesWritten: 3120, elapsedMs: 14_000 },
}
const FAILING: Partial<ShownEntry> = {
  state: 'failing',
  since: ago(5400),
  consecutiveFailures: 17,
  error: {
    code: 'authentication-required',
    message: 'git.example.com wants credentials for /team/site-1.git, and there are none for it',
  },
}
const STALLED: Partial<ShownEntry> = {
  state: 'stalled',
  since: ago(600),
  consecutiveFailures: 1,
  error: {
    code: 'branch-not-found',
    message: 'The remote has no branch "mian"; did you mean "main"?',
  },
}

const HOOK_FAILING: Partial<ShownEntry> = {
  failingHooks: [
    {
      hook: 'after/0',
      code: 'hook-failed',
      message: 'after/0 ended with exit code 1; its last lines: nginx: [emerg] unexpected "}"',
      consecutiveFailures: 4,
      nextAttempt: ago(-25),
    },
  ],
}

/** Of each kind, its report. */
export const REPORTS: Readonly<Record<string, () => PageReport>> = {
  three: () => reportOf([publishedEntry(0), publishedEntry(1), publishedEntry(2)]),
  syncing: () => reportOf([publishedEntry(0), publishedEntry(1, SYNCING), publishedEntry(2)]),
  failing: () =>
    reportOf(
      [
        publishedEntry(0),
        publishedEntry(1, FAILING),
        publishedEntry(2, {
          ...STALLED,
          oid: null,
          subject: null,
          author: null,
          committedAt: null,
        }),
        publishedEntry(3, SYNCING),
        publishedEntry(4, { state: 'suspended', nextPoll: null, required: false }),
        publishedEntry(5, HOOK_FAILING),
      ],
      ['entry 7 (/srv/content/a): repo is missing'],
    ),
  thousand: () =>
    reportOf(
      Array.from({ length: 1000 }, (_, number) => {
        const fields = number % 97 === 0 ? FAILING : number % 53 === 0 ? SYNCING : {}
        return publishedEntry(number, fields)
      }),
    ),
}

/** The report of `entries`; the listing is invalid where there are `faults`. */
export function reportOf(entries: ShownEntry[], faults?: string[]): PageReport {
  const newest: RecentPublication[] = entries.slice(0, 8).map(({ oid, path, subject }, index) => ({
    path,
    oid: oid ?? oidOf(index),
    subject,
    publishedAt: ago(40 * index ** 2 + 5),
    lagMs: 180 + ((index * 977) % 1900),
    trigger: index % 2 === 0 ? 'webhook' : 'poll',
  }))
  const status = {
    build: { version: '1.2.3', revision: 'abc', node: 'v20.19.0' },
    listing: {
      path: '/etc/git-autosync/listing.json',
      valid: !faults,
      ...(faults && { faults }),
      loadedAt: ago(86_400 * 3),
      entries: entries.length,
    },
    entries: lazily(entries),
  }
  const lagMsOf = (path: string) => newest.find((publication) => publication.path === path)?.lagMs
  return wholePage(pageReport(status, { newest, lagMsOf }, NOW))
}
