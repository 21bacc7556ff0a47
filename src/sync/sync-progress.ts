// How far a sync is: told each 10 s while it goes on, and to whoever asks. The bytes that it
// receives are told as they come, but at most once a second, as they come in many chunks.
import type { Clock, Timer } from '../base/clock.js'
import { createProgress, readProgress, type WorkProgress } from '../worker/progress.js'
import type { EntryEvent, ProgressReport } from './events.js'

/** How often it is told, in milliseconds. */
const TELL_MS = 10_000
/** How often received bytes are told at most, in milliseconds. */
const TELL_BYTES_MS = 1000

export class SyncProgress {
  /** What the work tells of itself. */
  readonly work: WorkProgress = createProgress()
  readonly #clock: Clock
  readonly #tell: (event: EntryEvent) => void
  readonly #startedAt: number
  #timer: Timer
  #receivedBytes = 0
  #toldBytes = 0
  #toldAt = Number.NEGATIVE_INFINITY

  /** The sync begins. `tell` is told of it, and must not throw. */
  constructor(clock: Clock, tell: (event: EntryEvent) => void) {
    this.#clock = clock
    this.#tell = tell
    this.#startedAt = clock.now()
    this.#timer = this.#schedule()
  }

  /** How far it is now. */
  get report(): ProgressReport {
    const { phase, filesWritten } = readProgress(this.work)
    const elapsedMs = this.#clock.now() - this.#startedAt
    return { phase, receivedBytes: this.#receivedBytes, filesWritten, elapsedMs }
  }

  /** Counts bytes that were received. */
  receive(bytes: number): void {
    this.#receivedBytes += bytes
    if (this.#clock.now() - this.#toldAt >= TELL_BYTES_MS) this.#tellBytes()
  }

  /** The sync has ended. */
  end(): void {
    this.#timer.cancel()
    this.#tellBytes()
  }

  #schedule(): Timer {
    return this.#clock.schedule(TELL_MS, () => {
      this.#timer = this.#schedule()
      this.#tellBytes()
      this.#tell({ type: 'sync-continues', ...this.report })
    })
  }

  #tellBytes(): void {
    const bytes = this.#receivedBytes - this.#toldBytes
    if (bytes === 0) return
    this.#toldBytes = this.#receivedBytes
    this.#toldAt = this.#clock.now()
    this.#tell({ type: 'bytes-received', bytes })
  }
}
