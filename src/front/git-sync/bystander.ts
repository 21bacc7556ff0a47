// While another process works on the same root, this one waits for its turn. What that one publishes
// counts for this one as well, once it is what the remote names.
import type { Clock, Timer } from '../../base/clock.js'
import { SyncError, toSyncError } from '../../base/errors.js'
import type { Entry } from '../../listing/entry.js'
import type { Sessions } from '../../sessions.js'
import {
  type ResolvedRevision,
  refPrefixesOf,
  resolveRevision,
} from '../../sync/resolve-revision.js'
import { withTimeLimit } from '../../sync/time-limit.js'

/** What a bystander looks at, and whom it tells. */
export interface BystanderOptions {
  entry: Entry
  open: Sessions['open']
  /** Milliseconds from one look to the next. */
  periodMs: () => number
  /** For how long the other may show what the remote does not name any more, in milliseconds. */
  timeoutMs: number
  /** The commit that is shown now. */
  commit: () => Promise<string | undefined>
  clock: Clock
  /** Told at each look that the remote names what is shown. */
  onShown: (wanted: ResolvedRevision, durationMs: number) => void
  /** Told of each look that failed, and where the other took too long. */
  onFault: (error: SyncError) => void
}

/** Looks at what another process publishes, while that holds the root. */
export class Bystander {
  readonly #options: BystanderOptions
  #stop: AbortController | undefined
  #timer: Timer | undefined

  constructor(options: BystanderOptions) {
    this.#options = options
  }

  /** Looks at what `holder` does, until that is ended. */
  watch(holder: string): void {
    if (this.#stop) return
    this.#stop = new AbortController()
    void this.#watch(holder, this.#stop.signal, this.#options.clock.now())
  }

  end(): void {
    this.#stop?.abort()
    this.#stop = undefined
    this.#timer?.cancel()
  }

  /** One look after the other; `since`: when what is shown was last what the remote names. */
  async #watch(holder: string, signal: AbortSignal, since: number): Promise<void> {
    const { clock, onFault, onShown, periodMs, timeoutMs } = this.#options
    const startedAt = clock.now()
    const looked = await withTimeLimit(timeoutMs, clock, signal, (limited) =>
      this.#look(limited),
    ).catch(toSyncError)
    if (signal.aborted) return
    const now = clock.now()
    let last = since
    if (looked instanceof SyncError) onFault(looked)
    else if (looked.isShown) {
      last = now
      onShown(looked.wanted, now - startedAt)
    } else if (now - since >= timeoutMs) {
      last = now
      onFault(lateness(holder, timeoutMs))
    }
    // Whoever is told may end it.
    if (signal.aborted) return
    this.#timer = clock.schedule(periodMs(), () => void this.#watch(holder, signal, last))
  }

  /** What the remote names, and whether that is what is shown. */
  async #look(signal: AbortSignal): Promise<{ wanted: ResolvedRevision; isShown: boolean }> {
    const { commit, entry, open } = this.#options
    const { credential, remote, revision } = entry
    const prefixes = refPrefixesOf([revision])
    const refs =
      prefixes.length === 0 ? [] : await open({ remote, credential }).listRefs(prefixes, signal)
    const wanted = resolveRevision(revision, refs)
    if (!wanted) throw new SyncError('ref-not-found', 'The remote has no such ref')
    return { wanted, isShown: wanted.commit === (await commit()) }
  }
}

function lateness(holder: string, timeoutMs: number): SyncError {
  return new SyncError(
    'lease-held',
    `${holder} works on this root, and has not published what the remote names within ${timeoutMs / 1000} s; this process takes over when that one stops`,
  )
}
