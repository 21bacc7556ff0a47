// Where submodules are fetched from: each remote has one session, and each sync makes so many
// requests at once. It waits for no other's: whoever has the reserve of memory would else wait for
// one who waits for the reserve. What logs in to an entry's remote goes no farther than that:
// elsewhere, only what names the host does.

import { toSyncError } from '../base/errors.js'
import { Slots } from '../base/slots.js'
import { requestByRefs } from '../remote/by-refs.js'
import { type FetchRequest, type RemoteSession, WHOLE_DEPTH } from '../remote/remote-session.js'
import type { MemoryPart } from '../thread/memory-budget.js'
import { displayPath } from '../volume/byte-path.js'
import { unreachable } from '../worker/commit-by-refs.js'
import type { PackRequest } from '../worker/unpacked.js'
import { type RemoteLogin, remoteKeyOf, submoduleLogin } from './remote-login.js'
import { type RefsSearch, UnreachableCommits } from './unreachable-commits.js'

/** How many submodules of one sync come at once. */
export const SUBMODULE_FETCHES = 8

/** So many sessions are kept, as commits may name any number of remotes. */
const MAX_SESSIONS = 1000

type SubmoduleRequest = FetchRequest & Pick<PackRequest, 'refsDepth'> & { memory: MemoryPart }

/** The submodules of one sync. */
export interface SubmoduleFetches {
  fetch: FetchSubmodule
  /** Says what the sync failed by. */
  failed(error: unknown): void
}

/** Fetches a commit of a submodule. */
export type FetchSubmodule = (
  submodule: NonNullable<PackRequest['submodule']>,
  request: SubmoduleRequest,
  signal: AbortSignal,
) => AsyncGenerator<Buffer>

interface OneSync {
  signal: AbortSignal
  slots: Slots
  /** By the paths of submodules, as errors show them: those for which all of the history was asked. */
  searches: Map<string, RefsSearch>
}

export class SubmoduleRemotes {
  readonly #open: (login: RemoteLogin) => RemoteSession
  /** Those that were used last come last. */
  readonly #sessions = new Map<string, RemoteSession>()
  readonly #unreachable = new UnreachableCommits()

  constructor(open: (login: RemoteLogin) => RemoteSession) {
    this.#open = open
  }

  /** What fetches the submodules of one sync of an entry. */
  forSync(entry: RemoteLogin): SubmoduleFetches {
    const slots = new Slots(SUBMODULE_FETCHES)
    const searches = new Map<string, RefsSearch>()
    return {
      fetch: (submodule, request, signal) =>
        this.#fetch(entry, submodule, request, { signal, slots, searches }),
      failed: (error) => {
        const { code, dependency } = toSyncError(error)
        const search = searches.get(dependency?.submodule ?? '')
        if (code === 'commit-not-found' && search) this.#unreachable.add(search)
      },
    }
  }

  async *#fetch(
    entry: RemoteLogin,
    { path, remote }: Parameters<FetchSubmodule>[0],
    { refsDepth, ...request }: SubmoduleRequest,
    { searches, signal, slots }: OneSync,
  ): AsyncGenerator<Buffer> {
    const login = submoduleLogin(remote, entry)
    const session = this.#sessionOf(login)
    await slots.take(signal)
    try {
      const [commit] = request.wants
      let wanted: FetchRequest = request
      if (refsDepth !== undefined && commit !== undefined) {
        const { memory } = request
        const byRefs = { depth: refsDepth, memory }
        const found = await requestByRefs(session, commit, byRefs, signal, (refs) => {
          const search = { key: `${remoteKeyOf(login)} ${commit}`, refs }
          if (this.#unreachable.has(search)) throw unreachable(commit)
          // What the commit fails by afterwards, all of the history has shown.
          if (refsDepth === WHOLE_DEPTH) searches.set(displayPath(path), search)
        })
        // One that a ref names comes with as much history as by its id.
        wanted = { depth: request.depth, ...found, memory }
      }
      yield* (await session.fetch(wanted, signal)).chunks
    } finally {
      slots.free()
    }
  }

  #sessionOf(login: RemoteLogin): RemoteSession {
    const key = remoteKeyOf(login)
    const session = this.#sessions.get(key) ?? this.#open(login)
    this.#sessions.delete(key)
    this.#sessions.set(key, session)
    const [oldest] = this.#sessions.keys()
    if (this.#sessions.size > MAX_SESSIONS && oldest !== undefined) this.#sessions.delete(oldest)
    return session
  }
}
