// A session with a remote by an address that stands for it, as a relay's, and by its own where that
// cannot be reached for long. Whoever uses the same address finds out together.
import type { Clock } from '../base/clock.js'
import { type ErrorCode, type SyncError, toSyncError } from '../base/errors.js'
import type { RemoteSession } from './remote-session.js'

/** What is no answer of whoever has the address. */
const UNREACHABLE: ReadonlySet<ErrorCode> = new Set([
  'host-not-found',
  'connection-refused',
  'connection-failed',
  'connect-timeout',
  'idle-timeout',
  'tls-failed',
  'proxy-failed',
  'server-error',
])

export interface ReachOptions {
  clock: Pick<Clock, 'now'>
  /** How long an address cannot be reached before it is left, and is left then: at most twice this. */
  patienceMs: number
  /** Returns a number from 0 up to, not including, 1. */
  random: () => number
  /** Told why the address is left. */
  onLeft: (error: SyncError) => void
  /** Told when it is asked again, and answers. */
  onBack: () => void
}

/** Whether an address is reached. */
export class Reach {
  readonly #options: ReachOptions
  /** Until when it is waited for; undefined while it answers. */
  #patientUntil: number | undefined
  /** Until when it is left alone. */
  #leftUntil: number | undefined

  constructor(options: ReachOptions) {
    this.#options = options
  }

  /** Whether another address is asked, without asking this one. */
  get isLeft(): boolean {
    return this.#leftUntil !== undefined && this.#options.clock.now() < this.#leftUntil
  }

  /** Asks, and tells the outcome to all. Whether the other is to be asked, or the answer. */
  async ask<T>(work: () => Promise<T>): Promise<{ answer: T } | undefined> {
    if (this.isLeft) return undefined
    // One finds out for all whether it is there again.
    if (this.#leftUntil !== undefined) this.#leftUntil = this.#later()
    try {
      const answer = await work()
      this.#answered()
      return { answer }
    } catch (reason) {
      const error = toSyncError(reason)
      if (error.code === 'aborted') throw error
      if (!UNREACHABLE.has(error.code)) this.#answered()
      else if (this.#isLeftFor(error)) return undefined
      throw error
    }
  }

  #answered(): void {
    if (this.#leftUntil !== undefined) this.#options.onBack()
    this.#patientUntil = undefined
    this.#leftUntil = undefined
  }

  #isLeftFor(error: SyncError): boolean {
    this.#patientUntil ??= this.#later()
    if (this.#options.clock.now() < this.#patientUntil) return false
    if (this.#leftUntil === undefined) {
      this.#leftUntil = this.#later()
      this.#options.onLeft(error)
    }
    return true
  }

  /** At another time for each instance, so that the remote is not asked by all at once. */
  #later(): number {
    const { clock, patienceMs, random } = this.#options
    return clock.now() + patienceMs * (1 + random())
  }
}

/** Asks by the address `reach` is about, or by `own`, whose session is opened when it is needed. */
export function standbySession(
  first: RemoteSession,
  openOwn: () => RemoteSession,
  reach: Reach,
): RemoteSession {
  let own: RemoteSession | undefined
  const ask = async <T>(work: (session: RemoteSession) => Promise<T>): Promise<T> => {
    const asked = await reach.ask(() => work(first))
    if (asked) return asked.answer
    own ??= openOwn()
    return work(own)
  }
  return {
    listRefs: (prefixes, signal, waiting) =>
      ask((session) => session.listRefs(prefixes, signal, waiting)),
    fetch: (request, signal) => ask((session) => session.fetch(request, signal)),
    hasCommit: (commit, tip, signal) => ask((session) => session.hasCommit(commit, tip, signal)),
    prepareFetch: () => first.prepareFetch?.(),
  }
}
