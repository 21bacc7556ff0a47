// One remote with one set of credentials, and the entries that follow it. They share
// one look at its refs.
import { SyncError } from '../base/errors.js'
import type { RepositoryName } from '../git/repository-name.js'
import type { Revision } from '../git/revision.js'
import type { Entry } from '../listing/entry.js'
import type { RemoteSession } from '../remote/remote-session.js'
import { HangSuspicion } from '../schedule/hang-suspicion.js'
import type { SyncContext } from './context.js'
import { LikelyRefs, missingRevision } from './missing-revision.js'
import { type ResolvedRevision, refPrefixesOf, resolveRevision } from './resolve-revision.js'
import { isDue } from './state/due.js'
import { conclude, type EntryState } from './state/entry-state.js'

/** What one of the asked revisions stands for. Throws where the remote has no such thing. */
export type Resolve = (revision: Revision) => ResolvedRevision

export class Remote {
  readonly session: RemoteSession
  /** What it is announced as; undefined where it never is. */
  readonly repository: RepositoryName | undefined
  readonly entries = new Set<EntryState>()
  /** Polls in a row that failed. */
  failures = 0
  /** Whether its next poll may hang. */
  readonly suspicion = new HangSuspicion()
  /** When the last poll that was announced is due, or was. */
  announcedAt = Number.NEGATIVE_INFINITY
  /** Whether a poll is under way, and what waits for its end. */
  #isPolled = false
  readonly #waiting: (() => void)[] = []
  /** Whether it was asked for its refs, and has not answered. */
  #isAsked = false
  readonly #likely: LikelyRefs

  constructor(session: RemoteSession, repository?: RepositoryName) {
    this.session = session
    this.repository = repository
    this.#likely = new LikelyRefs(session)
  }

  /** Whether a poll is under way, of which not all follows yet. */
  get isPolled(): boolean {
    return this.#isPolled
  }

  /** Resolves at the end of the poll that is under way, or of the next one. */
  answered(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  /** Does the work of one poll. */
  async whilePolled<T>(work: () => Promise<T>): Promise<T> {
    this.#isPolled = true
    try {
      return await work()
    } finally {
      this.#isPolled = false
      for (const resolve of this.#waiting.splice(0)) resolve()
    }
  }

  /** Whether it was found out, or tried to, what is in place of each of its entries. */
  get isInspected(): boolean {
    return [...this.entries].every(
      ({ phase, schedule }) => phase !== 'inspecting' || schedule.error,
    )
  }

  /** When the next of its entries is due; undefined where none is. */
  get dueAt(): number | undefined {
    let earliest: number | undefined
    for (const { schedule } of this.entries) {
      const { dueAt } = schedule
      if (dueAt !== undefined && (earliest === undefined || dueAt < earliest)) earliest = dueAt
    }
    return earliest
  }

  /** The shortest time between two polls of one entry, in milliseconds. */
  get shortestIntervalMs(): number {
    const entries = [...this.entries].map(({ desired }) => desired.entry)
    const polled = entries.filter(({ suspend }) => !suspend)
    return Math.min(...(polled.length > 0 ? polled : entries).map(({ intervalMs }) => intervalMs))
  }

  /** The entries that take part in a poll at `now`. */
  dueEntries(now: number): EntryState[] {
    return [...this.entries].filter(({ schedule }) => isDue(schedule, now))
  }

  /** Polls none of its entries before `timeMs`, except where somebody wants it now. */
  restUntil(timeMs: number, context: SyncContext): void {
    for (const state of this.entries) {
      // What is in place is not the remote's affair.
      if (state.observed.isInspected) conclude(state, { type: 'resting', timeMs }, context)
    }
  }

  /**
   * Asks what `entries` follow: one request, or none for commits, and another where something is
   * missing. Throws `volume-hangs` while an earlier one, which was given up, has not ended.
   */
  async ask(entries: readonly Entry[], signal: AbortSignal): Promise<Resolve> {
    if (this.#isAsked) throw stillHangs()
    this.#isAsked = true
    try {
      return await this.#ask(
        entries.map(({ revision }) => revision),
        signal,
      )
    } finally {
      this.#isAsked = false
    }
  }

  async #ask(revisions: readonly Revision[], signal: AbortSignal): Promise<Resolve> {
    const prefixes = refPrefixesOf(revisions)
    const refs =
      prefixes.length === 0 ? [] : await this.session.listRefs(this.#allPrefixes(prefixes), signal)
    const missing = revisions.filter((revision) => !resolveRevision(revision, refs))
    const likely = missing.length === 0 ? [] : await this.#likely.list(missing, refs, signal)
    return (revision) => {
      const resolved = resolveRevision(revision, refs)
      // A commit needs no ref.
      if (resolved || revision.kind === 'commit') return resolved as ResolvedRevision
      throw missingRevision(revision, refs, likely)
    }
  }

  /** Those of all entries, whichever are due: a cache on the way is asked the same each time. */
  #allPrefixes(due: readonly string[]): string[] {
    const followed = [...this.entries].map(({ desired }) => desired.entry)
    const others = followed.filter(({ suspend }) => !suspend)
    const all = new Set([...due, ...refPrefixesOf(others.map(({ revision }) => revision))])
    return [...all].sort()
  }
}

function stillHangs(): SyncError {
  return new SyncError(
    'volume-hangs',
    'An earlier look at this remote hangs still in a call of the file system; it is not looked at again before that returns',
  )
}
