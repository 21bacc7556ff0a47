// What /status and the probes show of an entry.

import type { Clock } from '../base/clock.js'
import { cutSentence } from '../base/cut-text.js'
import type { SyncError } from '../base/errors.js'
import { toTold } from '../hooks/hook-event.js'
import type { ProgressReport } from './events.js'
import type { EntryState } from './state/entry-state.js'
import type { Condition } from './state/lifecycle.js'
import { labelsOf, type Schedule } from './state/records.js'

export interface EntryStatus {
  /** The listing's path, as written. */
  path: string
  /** As written, without credentials. */
  repo: string
  ref: string
  /** The commit in place, or null while nothing is published. */
  oid: string | null
  /** Of that commit, or null while nothing is published, or an earlier version published it. */
  subject: string | null
  author: string | null
  committedAt: string | null
  /** Who signed it, or null where that was not verified. */
  signer: string | null
  /** Where history is kept: what this run published last, the last commit first; else null. */
  commits: readonly object[] | null
  state: Condition
  /** Since when it is in that state. */
  since: string
  /** Of this run; like all times ISO 8601, or null where it never happened. */
  lastPolled: string | null
  lastPublished: string | null
  nextPoll: string | null
  /** How far a sync is, or null while there is none. */
  progress: ProgressReport | null
  consecutiveFailures: number
  /** With the place of the hook where it is one's. */
  error: { code: string; message: string; hook?: string } | null
  required: boolean
  /** Whether webhooks arrive: `missed` where a poll found what none had announced, though they did. */
  webhooks: Schedule['webhooks']
}

/** What there is to show of an entry now. */
export function entryStatusOf(state: EntryState, clock: Clock): EntryStatus {
  const { condition, desired, observed, schedule } = state
  const { entry: path, repo, ref } = labelsOf(state)
  const { dueAt } = schedule
  const { signature, summary } = observed
  const error = observed.waiting?.error ?? schedule.error
  return {
    path,
    repo,
    ref,
    oid: observed.commit ?? null,
    subject: summary?.subject ?? null,
    author: summary?.author ?? null,
    committedAt: toIso(summary?.committedAt ?? undefined),
    signer: signature?.signer ?? null,
    commits: observed.news?.map(toTold) ?? null,
    state: condition.is,
    since: new Date(clock.wallTime(condition.since)).toISOString(),
    lastPolled: toIso(schedule.lastPolledAt),
    lastPublished: toIso(observed.lastPublishedAt),
    nextPoll: toIso(dueAt === undefined ? undefined : clock.wallTime(dueAt)),
    progress: schedule.syncing?.progress.report ?? null,
    consecutiveFailures: schedule.failures,
    error: error ? shown(error) : null,
    required: desired.entry.required,
    webhooks: schedule.webhooks,
  }
}

function shown({ code, dependency, message }: SyncError): EntryStatus['error'] {
  const { hook } = dependency ?? {}
  return { code, message: cutSentence(message), ...(hook !== undefined && { hook }) }
}

function toIso(timeMs: number | undefined): string | null {
  return timeMs === undefined ? null : new Date(timeMs).toISOString()
}
