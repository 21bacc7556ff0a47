// A queue of keys to work on, after client-go's util/workqueue. It is
// - fair: keys are worked on in the order in which they were added;
// - stingy: one key is never worked on twice at once, and a key added many times
//   before its work begins is worked on once;
// - complete: a key added while it is worked on is worked on again afterwards;
// - sheltered: keys whose work may hang take half of the places at most.
// A key waits for one start at most, and the earliest wanted start wins: `add`
// and `addAfter` never postpone one. Work begins in a later microtask, never
// within a call. Work that fails gives up its place like any other.
import type { Clock, Timer } from '../base/clock.js'

export interface WorkQueueOptions<K> {
  /** How many keys are worked on at once. */
  concurrency: number
  clock: Clock
  /** Whether the work on a key may hang; asked as its work is about to begin. @default never */
  mayHang?: (key: K) => boolean
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
  mayHang: boolean
}

interface Delay {
  dueMs: number
  timer: Timer
}

/** A keyed work queue; its contract is at the head of this file. */
export class WorkQueue<K> {
  readonly #options: WorkQueueOptions<K>
  readonly #waiting = new Set<K>()
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

  /** Works on `key` as soon as a place is free, instead of after any delay of it. */
  add(key: K): void {
    if (this.#isClosed) return
    this.#cancelDelay(key)
    const run = this.#running.get(key)
    if (run) run.again = true
    else this.#waiting.add(key)
    this.#startSoon()
  }

  /** Adds `key` after `delayMs`, unless it is to be worked on before that anyway. */
  addAfter(key: K, delayMs: number): void {
    if (this.#isClosed) return
    const { clock } = this.#options
    const dueMs = clock.now() + Math.max(0, delayMs)
    const earlierMs = this.dueAt(key)
    if (earlierMs !== undefined && earlierMs <= dueMs) return
    this.#cancelDelay(key)
    this.#delays.set(key, { dueMs, timer: clock.schedule(delayMs, () => this.add(key)) })
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

  #start(): void {
    this.#startIsDue = false
    for (const key of this.#waiting) {
      if (this.#running.size >= this.#options.concurrency) return
      const mayHang = this.#options.mayHang?.(key) ?? false
      if (mayHang && !this.#hasRoomForSuspects()) continue
      this.#waiting.delete(key)
      void this.#run(key, mayHang)
    }
    if (this.#running.size > 0) return
    for (const resolve of this.#idleWaiters.splice(0)) resolve()
  }

  #hasRoomForSuspects(): boolean {
    const suspects = [...this.#running.values()].filter((run) => run.mayHang).length
    return suspects < Math.max(1, Math.floor(this.#options.concurrency / 2))
  }

  async #run(key: K, mayHang: boolean): Promise<void> {
    const run: Run = { controller: new AbortController(), again: false, mayHang }
    this.#running.set(key, run)
    try {
      await this.#options.work(key, run.controller.signal)
    } catch (error) {
      this.#options.onError(key, error)
    } finally {
      this.#running.delete(key)
      if (run.again) this.#waiting.add(key)
      this.#startSoon()
    }
  }
}
