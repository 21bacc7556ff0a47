// The remotes of all entries, and when each is polled: entries that share a URL and
// credentials share one remote, one session and one poll.
import { repositoryNameOf } from '../git/repository-name.js'
import type { Entry } from '../listing/entry.js'
import type { RemoteSession } from '../remote/remote-session.js'
import { WorkQueue } from '../schedule/work-queue.js'
import { AnnouncedHosts } from './announced-hosts.js'
import type { Announcement } from './announcement.js'
import type { SyncContext } from './context.js'
import { hearAnnouncement } from './hear-announcement.js'
import { halfOf, laneOf } from './host-lanes.js'
import { pollRemote } from './poll-remote.js'
import { Remote } from './remote.js'
import { type RemoteLogin, remoteKeyOf } from './remote-login.js'
import { isDue } from './state/due.js'
import type { EntryState } from './state/entry-state.js'

export interface RemotePollsOptions extends SyncContext {
  maxConcurrentPolls: number
  /** Opens what all share that use the same remote with the same credentials. */
  openSession: (login: RemoteLogin) => RemoteSession
  /** Opens connections to a remote that will be asked soon. @default none are opened ahead */
  preconnect?: (login: RemoteLogin) => void
}

export class RemotePolls {
  readonly #options: RemotePollsOptions
  readonly #onPolled: (states: readonly EntryState[]) => void
  readonly #remotes = new Map<string, Remote>()
  readonly #announced: AnnouncedHosts
  /** Keys of remotes. */
  readonly #queue: WorkQueue<string>

  /** `onPolled` is told which entries need work after a poll. */
  constructor(options: RemotePollsOptions, onPolled: (states: readonly EntryState[]) => void) {
    this.#options = options
    this.#onPolled = onPolled
    this.#announced = new AnnouncedHosts(options.clock)
    const { clock, maxConcurrentPolls, onError } = options
    this.#queue = new WorkQueue({
      clock,
      concurrency: maxConcurrentPolls,
      laneOf: (key) => {
        const remote = this.#remotes.get(key)
        return laneOf(remote?.repository?.host, remote?.suspicion, {
          clock,
          all: maxConcurrentPolls,
          ofHost: halfOf(maxConcurrentPolls),
        })
      },
      work: (key, signal) => this.#poll(key, signal),
      onError: (_key, error) => onError(error),
    })
  }

  /** The remote of an entry that joined. */
  of(entry: Entry): Remote | undefined {
    return this.#remotes.get(remoteKeyOf(entry))
  }

  /** From now on, an entry is polled with all others of its remote. */
  join(state: EntryState): void {
    const key = remoteKeyOf(state.desired.entry)
    const { entry } = state.desired
    const remote =
      this.#remotes.get(key) ??
      new Remote(this.#options.openSession(entry), repositoryNameOf(entry.remote.url))
    this.#remotes.set(key, remote)
    remote.entries.add(state)
  }

  /** The inverse of {@link join}; `entry` is what was joined as. */
  leave(entry: Entry, state: EntryState): void {
    const key = remoteKeyOf(entry)
    const remote = this.#remotes.get(key)
    remote?.entries.delete(state)
    if (remote?.entries.size !== 0) {
      // Its first poll may have waited for just this entry.
      this.#addWhenDue(key)
      return
    }
    this.#remotes.delete(key)
    this.#queue.remove(key)
  }

  /** Polls an entry's remote as soon as there is room. */
  add(entry: Entry): void {
    const key = remoteKeyOf(entry)
    if (this.#remotes.has(key)) this.#queue.add(key)
  }

  /** Polls an entry's remote for the first time, once it is known of all entries what is in place. */
  addInspected(entry: Entry): void {
    if (this.of(entry)?.isInspected) this.add(entry)
  }

  /** Opens connections for a push that is about to be announced, where the last ones were. */
  expectPush(): void {
    const { preconnect } = this.#options
    for (const entry of this.#announced.take()) {
      if (this.of(entry)) preconnect?.(entry)
    }
  }

  /** Polls what a push concerns that was announced; returns the entries. */
  announce(announcement: Announcement): EntryState[] {
    const all: EntryState[] = []
    for (const [key, remote] of this.#remotes) {
      const matched = hearAnnouncement(remote, announcement, this.#options)
      const [first] = matched
      if (!first) continue
      const { entry } = first.desired
      const host = remote.repository?.host
      // Only over HTTP connections are opened ahead.
      if (host && entry.remote.transport === 'http') this.#announced.heard(host, entry)
      const now = this.#options.clock.now()
      if (matched.some(({ schedule }) => isDue(schedule, now))) this.#queue.add(key, true)
      else this.#addWhenDue(key, true)
      all.push(...matched)
    }
    return all
  }

  /** Polls an entry's remote when the first of its entries is due. */
  addWhenDue(entry: Entry): void {
    this.#addWhenDue(remoteKeyOf(entry))
  }

  idle(): Promise<void> {
    return this.#queue.idle()
  }

  close(): Promise<void> {
    return this.#queue.close()
  }

  async #poll(key: string, signal: AbortSignal): Promise<void> {
    const remote = this.#remotes.get(key)
    if (!remote) return
    this.#onPolled(await remote.whilePolled(() => pollRemote(remote, this.#options, signal)))
    this.#addWhenDue(key)
  }

  #addWhenDue(key: string, isUrgent = false): void {
    const dueAt = this.#remotes.get(key)?.dueAt
    if (dueAt === undefined) return
    this.#queue.addAfter(key, dueAt - this.#options.clock.now(), isUrgent)
  }
}
