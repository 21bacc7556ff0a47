// One remote with one set of credentials, and the entries that follow it. They share
// one look at its refs.
import { SyncError } from '../base/errors.js'
import type { Entry } from '../listing/entry.js'
import type { RemoteRef, RemoteSession } from '../remote/remote-session.js'
import { HangSuspicion } from '../schedule/hang-suspicion.js'
import type { SyncContext } from './context.js'
import { isResolvable, likeRefPrefixesOf, refPrefixesOf } from './resolve-revision.js'
import { isDue } from './state/due.js'
import { conclude, type EntryState } from './state/entry-state.js'

/** So many refs are remembered of which one is probably meant. */
const MAX_LIKE = 1000

export class Remote {
  readonly session: RemoteSession
  readonly entries = new Set<EntryState>()
  /** Polls in a row that failed. */
  failures = 0
  /** Whether its next poll may hang. */
  readonly suspicion = new HangSuspicion()
  /** Whether it was asked for its refs, and has not answered. */
  #isAsked = false
  /** What is like the refs that are missing, and what was asked for then. */
  #like: { key: string; refs: readonly RemoteRef[] } | undefined

  constructor(session: RemoteSession) {
    this.session = session
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
   * The refs it takes to resolve what `entries` follow: one request, or none for commits. Throws
   * `volume-hangs` while an earlier one, which was given up, has not ended.
   */
  async listRefs(entries: readonly Entry[], signal: AbortSignal): Promise<RemoteRef[]> {
    if (this.#isAsked) throw stillHangs()
    this.#isAsked = true
    try {
      return await this.#listRefs(entries, signal)
    } finally {
      this.#isAsked = false
    }
  }

  async #listRefs(entries: readonly Entry[], signal: AbortSignal): Promise<RemoteRef[]> {
    const prefixes = refPrefixesOf(entries.map(({ revision }) => revision))
    if (prefixes.length === 0) return []
    const refs = await this.session.listRefs(prefixes, signal)
    const missing = entries
      .map(({ revision }) => revision)
      .filter((revision) => !isResolvable(revision, refs))
    if (missing.length === 0) return refs
    const like = await this.#listLike(likeRefPrefixesOf(missing), refs, signal)
    // They may be of an earlier poll: they are named, and nothing follows them.
    const named = like.filter((ref) => !missing.some((revision) => isResolvable(revision, [ref])))
    return [...new Map([...named, ...refs].map((ref) => [ref.name, ref])).values()]
  }

  /**
   * What is like a missing ref, or has its name, is probably meant: that is asked for when others
   * are missing than before. Without a HEAD, only the branches tell an empty repository from a
   * missing ref: then each time.
   */
  async #listLike(
    prefixes: readonly string[],
    refs: readonly RemoteRef[],
    signal: AbortSignal,
  ): Promise<readonly RemoteRef[]> {
    const key = prefixes.join(' ')
    const hasHead = refs.some(({ name }) => name === 'HEAD')
    if (!hasHead || this.#like?.key !== key) {
      const like = await this.#tryToList(prefixes, signal)
      this.#like = { key, refs: like.slice(0, MAX_LIKE) }
    }
    return this.#like.refs
  }

  /** A list that is too large names nothing: what is missing is told all the same. */
  async #tryToList(prefixes: readonly string[], signal: AbortSignal): Promise<RemoteRef[]> {
    try {
      return await this.session.listRefs(prefixes, signal)
    } catch (error) {
      if (error instanceof SyncError && error.code === 'refs-too-large') return []
      throw error
    }
  }
}

function stillHangs(): SyncError {
  return new SyncError(
    'volume-hangs',
    'An earlier look at this remote hangs still in a call of the file system; it is not looked at again before that returns',
  )
}

/** Entries with the same key share a remote. Holds credentials: never to be shown. */
export function remoteKeyOf({ remote, credential }: Entry): string {
  return JSON.stringify([remote.url, credential, remote.credentials])
}
