// Where submodules are fetched from: each remote has one session, and each sync makes so many
// requests at once. It waits for no other's: whoever has the reserve of memory would else wait for
// one who waits for the reserve. What logs in to an entry's remote goes no farther than that:
// elsewhere, only what names the host does.
import { Slots } from '../base/slots.js'
import { requestByRefs } from '../remote/by-refs.js'
import type { FetchRequest, RemoteSession } from '../remote/remote-session.js'
import type { PackRequest } from '../worker/unpacked.js'
import { type RemoteLogin, remoteKeyOf, submoduleLogin } from './remote-login.js'

/** How many submodules of one sync come at once. */
export const SUBMODULE_FETCHES = 8

/** So many sessions are kept, as commits may name any number of remotes. */
const MAX_SESSIONS = 1000

type SubmoduleRequest = FetchRequest & Pick<PackRequest, 'byRefs'>

/** Fetches a commit of a submodule. */
export type FetchSubmodule = (
  submodule: NonNullable<PackRequest['submodule']>,
  request: SubmoduleRequest,
  signal: AbortSignal,
) => AsyncGenerator<Buffer>

export class SubmoduleRemotes {
  readonly #open: (login: RemoteLogin) => RemoteSession
  /** Those that were used last come last. */
  readonly #sessions = new Map<string, RemoteSession>()

  constructor(open: (login: RemoteLogin) => RemoteSession) {
    this.#open = open
  }

  /** What fetches the submodules of one sync of an entry. */
  forSync(entry: RemoteLogin): FetchSubmodule {
    const slots = new Slots(SUBMODULE_FETCHES)
    return (submodule, request, signal) => this.#fetch(entry, submodule, request, { signal, slots })
  }

  async *#fetch(
    entry: RemoteLogin,
    { remote }: Parameters<FetchSubmodule>[0],
    { byRefs, ...request }: SubmoduleRequest,
    { signal, slots }: { signal: AbortSignal; slots: Slots },
  ): AsyncGenerator<Buffer> {
    const session = this.#sessionOf(submoduleLogin(remote, entry))
    await slots.take(signal)
    try {
      const [commit] = request.wants
      const isByRefs = byRefs !== undefined && commit !== undefined
      const wanted = isByRefs ? await requestByRefs(session, commit, byRefs, signal) : request
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
