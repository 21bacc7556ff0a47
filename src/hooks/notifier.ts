// Posts notices, one after another, until each is taken. Those that wait are bounded: where nobody
// takes any, the oldest are dropped. https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md
import { randomUUID } from 'node:crypto'
import type { Clock } from '../base/clock.js'
import { type SyncError, toSyncError } from '../base/errors.js'
import type { PostAddress } from '../listing/hook.js'
import { backoffMs } from '../schedule/backoff.js'
import { WorkQueue } from '../schedule/work-queue.js'
import { HookRefusal } from './hook-refusal.js'
import type { AddressNames, Post } from './post-hook.js'

/** What somebody may have to act on. */
export interface Notice {
  /** As `published`. */
  type: string
  /** What it is about: the path of an entry, or of the listing. */
  subject: string
  /** JSON. */
  data: object
}

export interface NotifierOptions {
  clock: Clock
  /** From 0 up to, not including, 1. */
  random: () => number
  post: Post
  address: PostAddress
  /** Names this instance: a URI reference. */
  source: string
  /** Told of each attempt that failed; undefined: the notice is given up. */
  onFailed: (error: SyncError, attempt: number, retryInMs: number | undefined) => void
  /** Told how many were dropped since it was told last. */
  onDropped: (count: number) => void
  /** Told of faults in this program. */
  onError: (error: unknown) => void
}

/** So many wait. */
const MAX_WAITING = 1000

/** How long one attempt may take, in milliseconds. */
const TIMEOUT_MS = 30_000

const BASE_BACKOFF_MS = 1000
const LONGEST_BACKOFF_MS = 5 * 60_000

/** A notice that is refused so often, by an answer, is given up: others may be taken. */
const MAX_REFUSALS = 5

const NAMES: AddressNames = {
  urlFile: 'NOTIFY_URL_FILE',
  secretFile: 'NOTIFY_SECRET_FILE',
  headerFiles: 'the headers',
  late: 'look at the service',
}

/** The beginning of each type, so that it is like no other. */
const TYPE_PREFIX = 'io.github.git-autosync'

export class Notifier {
  readonly #options: NotifierOptions
  readonly #queue: WorkQueue<'notices'>
  /** Bodies, by the ids of their events, in order. */
  readonly #waiting = new Map<string, string>()
  #failures = 0
  /** How often the first was refused by an answer. */
  #refusals = 0
  /** How many were dropped since that was told; undefined where none was since one was taken. */
  #dropped: number | undefined

  constructor(options: NotifierOptions) {
    const { clock, onError } = options
    this.#options = options
    this.#queue = new WorkQueue({
      clock,
      concurrency: 1,
      work: (_key, signal) => this.#sendFirst(signal),
      onError: (_key, error) => onError(error),
    })
  }

  /** Sends a notice when those before it are sent. */
  add({ data, subject, type }: Notice): void {
    const { clock, source } = this.#options
    const id = randomUUID()
    const event = {
      specversion: '1.0',
      id,
      source,
      type: `${TYPE_PREFIX}.${type}`,
      subject,
      time: new Date(clock.wallTime()).toISOString(),
      datacontenttype: 'application/json',
      data,
    }
    this.#waiting.set(id, JSON.stringify(event))
    if (this.#waiting.size > MAX_WAITING) this.#dropOldest()
    // After a failure, it has its time already.
    if (this.#failures === 0) this.#queue.add('notices')
  }

  /** Sends what failed before at once. */
  retryNow(): void {
    if (this.#waiting.size > 0) this.#queue.add('notices')
  }

  /** Resolves when nothing is being sent; what failed may still be tried again. */
  idle(): Promise<void> {
    return this.#queue.idle()
  }

  /** Stops; what waits is forgotten. */
  close(): Promise<void> {
    return this.#queue.close()
  }

  async #sendFirst(signal: AbortSignal): Promise<void> {
    const [first] = this.#waiting
    if (!first) return
    const { address, onDropped, post } = this.#options
    const [id, body] = first
    const message = { id, body, contentType: 'application/cloudevents+json' }
    try {
      await post(address, message, {
        name: 'NOTIFY_URL',
        names: NAMES,
        timeoutMs: TIMEOUT_MS,
        signal,
      })
      this.#failures = 0
      this.#refusals = 0
      this.#waiting.delete(id)
      if (this.#dropped) onDropped(this.#dropped)
      this.#dropped = undefined
      if (this.#waiting.size > 0) this.#queue.add('notices')
    } catch (cause) {
      if (!signal.aborted) this.#fail(id, toSyncError(cause))
    }
  }

  #fail(id: string, error: SyncError): void {
    const { onFailed, random } = this.#options
    const attempt = ++this.#failures
    if (error instanceof HookRefusal && ++this.#refusals >= MAX_REFUSALS) {
      this.#failures = 0
      this.#refusals = 0
      this.#waiting.delete(id)
      onFailed(error, attempt, undefined)
      if (this.#waiting.size > 0) this.#queue.addAfter('notices', BASE_BACKOFF_MS)
      return
    }
    const retryInMs = backoffMs(attempt, {
      baseMs: BASE_BACKOFF_MS,
      capMs: LONGEST_BACKOFF_MS,
      floorMs: error.retryAfterMs,
      random,
    })
    onFailed(error, attempt, retryInMs)
    this.#queue.addAfter('notices', retryInMs)
  }

  #dropOldest(): void {
    const [oldest] = this.#waiting.keys()
    if (oldest !== undefined) this.#waiting.delete(oldest)
    this.#refusals = 0
    if (this.#dropped === undefined) this.#options.onDropped(1)
    this.#dropped = this.#dropped === undefined ? 0 : this.#dropped + 1
  }
}
