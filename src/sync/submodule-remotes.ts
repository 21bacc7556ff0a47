// Where submodules are fetched from: each remote has one session, and all syncs together make so
// many requests at once. What logs in to an entry's remote
// goes no farther than that: elsewhere, only what names the host does.
import { Slots } from '../base/slots.js'
import { isSameOrigin } from '../git/submodule-remote.js'
import type { FetchRequest, RemoteSession } from '../remote/remote-session.js'
import type { PackRequest } from '../worker/receive.js'
import { inSubmodule } from '../worker/submodules.js'
import { type RemoteLogin, remoteKeyOf } from './remote-login.js'

/** So many sessions are kept, as commits may name any number of remotes. */
const MAX_SESSIONS = 1000

export class SubmoduleRemotes {
  readonly #open: (login: RemoteLogin) => RemoteSession
  readonly #slots: Slots
  /** Those that were used last come last. */
  readonly #sessions = new Map<string, RemoteSession>()

  constructor(open: (login: RemoteLogin) => RemoteSession, maxRequests: number) {
    this.#open = open
    this.#slots = new Slots(maxRequests)
  }

  /** Fetches a commit of a submodule of an entry. Errors have the submodule's path. */
  async *fetch(
    { credential, remote: own }: RemoteLogin,
    { path, remote }: NonNullable<PackRequest['submodule']>,
    request: FetchRequest,
    signal: AbortSignal,
  ): AsyncGenerator<Buffer> {
    const login = isSameOrigin(remote, own)
      ? { remote, credential }
      : { remote, credential: undefined, mustNameHost: true }
    const session = this.#sessionOf(login)
    await this.#slots.take(signal)
    try {
      const { chunks } = await inSubmodule(path, () => session.fetch(request, signal))
      const iterator = chunks[Symbol.asyncIterator]()
      try {
        for (;;) {
          const next = await inSubmodule(path, () => iterator.next())
          if (next.done) return
          yield next.value
        }
      } finally {
        await iterator.return?.()
      }
    } finally {
      this.#slots.free()
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
