// What is told of published commits. Each hook goes its own way, in a queue of its own, so that none
// holds up a publication or another hook: while one is at work, or waits after a failure, commits
// become one, from what it was told last to the newest. A hook that succeeded for a commit is not
// repeated for it; what it was told before this process started, nobody knows.
import { randomUUID } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import type { Clock } from '../base/clock.js'
import { attributeTo, type SyncError } from '../base/errors.js'
import type { Oid } from '../git/oid.js'
import type { Entry } from '../listing/entry.js'
import type { Hook } from '../listing/hook.js'
import { isSamePublication } from '../listing/listing-diff.js'
import { backoffMs } from '../schedule/backoff.js'
import { WorkQueue } from '../schedule/work-queue.js'
import { type HookEvent, joinEvents } from './hook-event.js'
import type { HookOutcome } from './hook-outcome.js'
import type { RunHookOnce } from './hook-runner.js'

export interface AfterHooksOptions {
  clock: Clock
  /** From 0 up to, not including, 1. */
  random: () => number
  run: RunHookOnce
  observe: (outcome: HookOutcome) => void
  /** The hooks of an entry that are told. @default its hooks after */
  hooksOf?: (entry: Entry) => readonly Hook[]
  /** Told of faults in this program. */
  onError: (error: unknown) => void
}

/** How many hooks are at work at once. */
const CONCURRENCY = 32

/** The longest time between two attempts, in milliseconds, where `backoff` is not longer. */
const LONGEST_BACKOFF_MS = 10 * 60_000

/** A hook of an entry, and what it knows. */
interface HookState {
  hook: Hook
  /** What it is told now, or next; undefined: it knows all. */
  waiting: Telling | undefined
  /** What came since it was last begun to tell. */
  since: HookEvent | undefined
  /** The commit that it was told of last, where that succeeded. */
  told: Oid | undefined
  failures: number
  /** By what it failed last; undefined where it does not. */
  error: SyncError | undefined
}

/** A hook that failed, and is tried again. */
export interface HookFailure {
  /** Its place in the entry. */
  hook: string
  error: SyncError
  /** How often it failed in a row. */
  attempts: number
  /** As the clock's `now()`; undefined while it is at work. */
  nextAt: number | undefined
}

/** A publication, wherever it is. */
type InPlaceCommit = Omit<HookEvent, 'path' | 'event'>

interface Telling {
  event: HookEvent
  /** The same at each attempt. */
  id: string
}

export class AfterHooks {
  readonly #options: AfterHooksOptions
  /** By the paths of entries, as written. */
  readonly #entries = new Map<string, { entry: Entry; states: HookState[] }>()
  readonly #queue: WorkQueue<HookState>
  readonly #running = new Set<HookState>()

  constructor(options: AfterHooksOptions) {
    const { clock, onError } = options
    this.#options = options
    this.#queue = new WorkQueue({
      clock,
      concurrency: CONCURRENCY,
      work: (state, signal) => this.#tell(state, signal),
      onError: (_state, error) => onError(error),
    })
  }

  /** Hooks that failed, and are tried again. */
  get failing(): number {
    return this.#states().filter(({ failures }) => failures > 0).length
  }

  /** Those of the entry of a path. */
  failuresOf(path: string): HookFailure[] {
    const { states = [] } = this.#entries.get(path) ?? {}
    return states.flatMap((state) => {
      const { error, failures: attempts, hook } = state
      if (!error) return []
      return [{ hook: hook.name, error, attempts, nextAt: this.#queue.dueAt(state) }]
    })
  }

  /** Takes the hooks of these entries for all that there are; what others do is stopped. */
  setEntries(entries: readonly Entry[]): void {
    const before = new Set(this.#states())
    const known = new Map(this.#entries)
    this.#entries.clear()
    for (const entry of entries) {
      const { hooksOf = ({ after }) => after } = this.#options
      const hooks = hooksOf(entry)
      if (hooks.length === 0) continue
      const last = known.get(entry.path)
      // Who is asked before makes no difference to them.
      const asLast = last && { ...entry, before: last.entry.before }
      const kept = asLast && isSamePublication(last.entry, asLast) ? last.states : []
      const states = hooks.map(
        (hook) => kept.find((state) => isDeepStrictEqual(state.hook, hook)) ?? newState(hook),
      )
      this.#entries.set(entry.path, { entry, states })
      for (const state of states) before.delete(state)
    }
    for (const state of before) this.#queue.remove(state)
  }

  /**
   * Says that a commit is in place, and what changed where that is known; `path` is where it is.
   * @default the published directory
   */
  published(event: InPlaceCommit, path?: string): void {
    const { entry, states } = this.#entries.get(event.entry) ?? {}
    if (!entry || !states) return
    const whole: HookEvent = { ...event, event: 'after', path: path ?? entry.directory }
    for (const state of states) this.#add(state, whole)
  }

  /** Says that files of a commit were put right that is in place. */
  repaired(event: InPlaceCommit): void {
    for (const state of this.#entries.get(event.entry)?.states ?? []) {
      if (state.hook.isRepeated) state.told = undefined
    }
    this.published(event)
  }

  /** Tries those at once that failed. */
  retryNow(): void {
    for (const state of this.#states()) {
      if (state.waiting && !this.#running.has(state)) this.#queue.add(state)
    }
  }

  /** Resolves when no hook is at work; those that failed may still be tried again. */
  idle(): Promise<void> {
    return this.#queue.idle()
  }

  /** Stops all, and resolves when nothing is at work any more. */
  close(): Promise<void> {
    return this.#queue.close()
  }

  #states(): HookState[] {
    return [...this.#entries.values()].flatMap(({ states }) => states)
  }

  #add(state: HookState, event: HookEvent): void {
    const { since, told, waiting } = state
    const last = since ?? waiting?.event
    if (event.oid === (last ? last.oid : told)) return
    if (this.#running.has(state)) {
      state.since = since ? joinEvents(since, event) : event
      return
    }
    state.waiting = { event: last ? joinEvents(last, event) : event, id: randomUUID() }
    // One that failed has its time already.
    if (this.#queue.dueAt(state) === undefined) this.#queue.add(state)
  }

  async #tell(state: HookState, signal: AbortSignal): Promise<void> {
    const { clock, observe, random, run } = this.#options
    const { hook, waiting } = state
    if (!waiting) return
    const { event, id } = waiting
    const startedAt = clock.now()
    const said = () => ({ event, hook, durationMs: clock.now() - startedAt })
    this.#running.add(state)
    // Whatever comes of it, it may have seen some of it.
    state.told = undefined
    try {
      await run(hook, { event, id, directory: event.path, signal })
      state.failures = 0
      state.error = undefined
      state.told = event.oid
      const { since } = state
      state.waiting =
        since && since.oid !== event.oid ? { event: since, id: randomUUID() } : undefined
      observe({ result: 'succeeded', ...said() })
      if (state.waiting) this.#queue.add(state)
    } catch (cause) {
      if (signal.aborted) return
      const error = attributeTo({ hook: hook.name }, cause)
      const attempt = ++state.failures
      state.error = error
      const baseMs = hook.backoffMs
      const capMs = Math.max(baseMs, LONGEST_BACKOFF_MS)
      const floorMs = error.retryAfterMs
      const retryInMs =
        hook.retry === 'fixed' ? baseMs : backoffMs(attempt, { baseMs, capMs, floorMs, random })
      if (state.since) {
        state.waiting = { event: joinEvents(event, state.since), id: randomUUID() }
      }
      observe({ result: 'failed', ...said(), error, attempt, retryInMs })
      this.#queue.addAfter(state, retryInMs)
    } finally {
      state.since = undefined
      this.#running.delete(state)
    }
  }
}

function newState(hook: Hook): HookState {
  const nothing = { waiting: undefined, since: undefined, told: undefined, error: undefined }
  return { hook, ...nothing, failures: 0 }
}
