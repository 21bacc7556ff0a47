// What a hook is told of a publication, in each of the forms in which it is told.
import type { CommitSummary } from '../git/commit-summary.js'
import type { Oid } from '../git/oid.js'
import type { Facts } from '../listing/hook-template.js'
import type { NewCommit } from '../publish/history/walk.js'

/** A commit that is about to be published, or was. */
export interface HookEvent {
  event: 'before' | 'after'
  /** The path of the listing, as written. */
  entry: string
  /** Without credentials. */
  repo: string
  ref: string
  oid: Oid
  /** What was published before; undefined where that is not known. */
  previousOid: Oid | undefined
  /** The published directory, absolute. */
  path: string
  changed: ChangedPaths
  summary?: CommitSummary | undefined
  /** Where history is kept: the commits since the previous one, the last of them first. */
  commits?: readonly NewCommit[] | undefined
}

/** How many paths changed, and the first of them. */
export interface ChangedPaths {
  count: number
  paths: readonly string[]
}

/** So many paths and commits are told. */
const MAX_PATHS = 1000
const MAX_COMMITS = 100

/** What is posted, and what the event file has: JSON. */
export function toMessage({
  changed,
  commits,
  summary,
  ...event
}: HookEvent): Record<string, unknown> {
  return {
    ...event,
    previousOid: event.previousOid ?? null,
    changedCount: changed.count,
    changedPaths: changed.paths,
    ...(summary && { subject: summary.subject, author: summary.author }),
    ...(commits && { commits: commits.map(toTold) }),
  }
}

/** A commit as it is told, in /status as well. */
export function toTold({ author, committedAt, oid, subject }: NewCommit): Record<string, unknown> {
  const date = committedAt === null ? null : new Date(committedAt).toISOString()
  return { oid, subject, author, committedAt: date }
}

/** What placeholders stand for. */
export function toFacts({
  changed,
  commits: _,
  summary,
  previousOid = '',
  ...event
}: HookEvent): Facts {
  const { author = '', subject = '' } = summary ?? {}
  return { ...event, previousOid, changedCount: String(changed.count), subject, author }
}

/** What a program finds in its environment. */
export function toVariables(event: HookEvent, eventFile: string): Record<string, string> {
  const { changedCount, oid, path, previousOid, ref, repo } = toFacts(event)
  return {
    GIT_AUTOSYNC_REPO: repo,
    GIT_AUTOSYNC_REF: ref,
    GIT_AUTOSYNC_OID: oid,
    GIT_AUTOSYNC_PREVIOUS_OID: previousOid,
    GIT_AUTOSYNC_PATH: path,
    GIT_AUTOSYNC_CHANGED_COUNT: changedCount,
    GIT_AUTOSYNC_EVENT_FILE: eventFile,
  }
}

/** Two publications in a row as one, from before the first to after the second. */
export function joinEvents(first: HookEvent, second: HookEvent): HookEvent {
  const paths = [...new Set([...first.changed.paths, ...second.changed.paths])]
  const isKnown = [first, second].every(({ changed }) => changed.count === changed.paths.length)
  // Else some may be counted twice.
  const count = isKnown ? paths.length : first.changed.count + second.changed.count
  const { commits } = second
  return {
    ...second,
    previousOid: first.previousOid,
    changed: { count, paths: paths.slice(0, MAX_PATHS) },
    ...(commits && { commits: [...commits, ...(first.commits ?? [])].slice(0, MAX_COMMITS) }),
  }
}
