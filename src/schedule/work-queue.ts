// A queue of keys to work on, after client-go's util/workqueue. It is
// - fair: lanes of keys take turns, and those of one lane are worked on in the order in which they
//   were added, what is urgent first;
// - stingy: one key is never worked on twice at once, and a key added many times
//   before its work begins is worked on once;
// - complete: a key added while it is worked on is worked on again afterwards;
// - sheltered: no lane takes more places than it has, so that the rest are for the others.
// A key waits for one start at most, and the earliest wanted start wins: `add`
// and `addAfter` never postpone one. Work begins in a later microtask, never
// within a call. Work that fails gives up its place like any other.
import type { Clock, Timer } from '../base/clock.js'
import { type Lane, Lanes } from './lanes.js'

export interface WorkQueueOptions<K> {
  /** How many keys are worked on at once. */
  concurrency: number
  clock: Clock
  /** The lane of a key, asked as it begins to wait for a place. @default all share one */
  laneOf?: (key: K) => Lane
  /**
   * Works on one key. To come back, it adds its key again, after a look at `signal`: an aborted
   * key was removed, or the queue was closed. It is expected not to reject.
   */
  work: (key: K, signal: AbortSignal) => Promise<void>
  /** Told where `work` rejects all the same; may add the key again. Must not throw. */
  onError: (key: K, error: unknown) => void
}

interface Run {
  controller: AbortController
  /** Whether the key was added since its work began. */
  again: boolean
  isUrgent: boolean
}

interface Delay {
  dueMs: number
  isUrgent: boolean
  timer: Timer
}

/** A keyed work queue; its contract is at the head of this file. */
export class WorkQueue<K> {
  readonly #options: WorkQueueOptions<K>
  readonly #waiting = new Lanes<K>()
  readonly #running = new Map<K, Run>()
  readonly #delays = new Map<K, Delay>()
  readonly #idleWaiters: (() => void)[] = []
  #startIsDue = false
  #isClosed = false

  constructor(options: WorkQueueOptions<K>) {
    this.#options = options
  }

  /** How many keys wait for a free place; delayed ones are not among them. */
  get size(): number {
    return this.#waiting.size
  }

  /** How many keys are worked on now. */
  get running(): number {
    return this.#running.size
  }

  /** When work on `key` is next wanted, as the clock's `now()`; undefined where it is not. */
  dueAt(key: K): number | undefined {
    const isDue = this.#waiting.has(key) || this.#running.get(key)?.again
    return isDue ? this.#options.clock.now() : this.#delays.get(key)?.dueMs
  }

  /** Works on `key` as soon as it is its turn, instead of after any delay of it. */
  add(key: K, isUrgent = false): void {
    if (this.#isClosed) return
    const isNext = isUrgent || (this.#delays.get(key)?.isUrgent ?? false)
    this.#cancelDelay(key)
    const run = this.#running.get(key)
    if (run) {
      run.again = true
      run.isUrgent ||= isNext
    } else this.#wait(key, isNext)
    this.#startSoon()
  }

  /** Adds `key` after `delayMs`, unless it is to be worked on before that anyway. */
  addAfter(key: K, delayMs: number, isUrgent = false): void {
    if (this.#isClosed) return
    const { clock } = this.#options
    const dueMs = clock.now() + Math.max(0, delayMs)
    const earlierMs = this.dueAt(key)
    const delay = this.#delays.get(key)
    if (earlierMs !== undefined && earlierMs <= dueMs) {
      if (delay) delay.isUrgent ||= isUrgent
      return
    }
    delay?.timer.cancel()
    const timer = clock.schedule(delayMs, () => this.add(key))
    this.#delays.set(key, { dueMs, isUrgent: isUrgent || (delay?.isUrgent ?? false), timer })
  }

  /** Forgets `key`, delayed or waiting, and aborts it where it is worked on. */
  remove(key: K): void {
    this.#cancelDelay(key)
    this.#waiting.delete(key)
    const run = this.#running.get(key)
    if (run) run.again = false
    run?.controller.abort()
    this.#startSoon()
  }

  /** Resolves once no key waits and none is worked on; delayed ones do not count. */
  idle(): Promise<void> {
    return new Promise((resolve) => {
      this.#idleWaiters.push(resolve)
      this.#startSoon()
    })
  }

  /** Forgets every key, aborts all work, and resolves when it has returned; adds nothing more. */
  close(): Promise<void> {
    this.#isClosed = true
    this.#waiting.clear()
    for (const key of [...this.#delays.keys(), ...this.#running.keys()]) this.remove(key)
    return this.idle()
  }

  #cancelDelay(key: K): void {
    this.#delays.get(key)?.timer.cancel()
    this.#delays.delete(key)
  }

  #startSoon(): void {
    if (this.#startIsDue) return
    this.#startIsDue = true
    queueMicrotask(() => this.#start())
  }

  #wait(key: K, isUrgent: boolean): void {
    const { concurrency: places, laneOf = () => ({ name: '', places }) } = this.#options
    this.#waiting.add(key, laneOf(key), isUrgent)
  }

  #start(): void {
    this.#startIsDue = false
    while (this.#running.size < this.#options.concurrency) {
      const next = this.#waiting.take()
      if (!next) break
      void this.#run(next.key, next.lane)
    }
    if (this.#running.size > 0) return
    for (const resolve of this.#idleWaiters.splice(0)) resolve()
  }

  async #run(key: K, lane: Lane): Promise<void> {
    const run: Run = { controller: new AbortController(), again: false, isUrgent: false }
    this.#running.set(key, run)
    try {
      await this.#options.work(key, run.controller.signal)
    } catch (error) {
      this.#options.onError(key, error)
    } finally {
      this.#running.delete(key)
      this.#waiting.free(lane)
      if (run.again) this.#wait(key, run.isUrgent)
      this.#startSoon()
    }
  }
}
