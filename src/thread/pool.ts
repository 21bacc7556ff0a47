// Threads that run the functions of one file, one job each at a time; idle ones end after a while.
// A thread that hangs in a system call cannot be ended: it is given up, and another takes its place.
import type { TransferListItem, Worker } from 'node:worker_threads'
import { SyncError } from '../base/errors.js'
import { Slots } from '../base/slots.js'
import { type JobLimits, withinLimits } from './job-limits.js'
import { type Reply, unwrap } from './reply.js'
import { type StopFlag, stopped } from './stop.js'
import type { Threads } from './threads.js'

/** How many threads may hang, for each that there may be. */
const MAX_HUNG_SHARE = 2

/** What the file exports: each function takes a job, which is cloned, and gives a reply. */
type Jobs<File> = { [Name in keyof File]: (job: never) => Promise<Reply<unknown>> }

type JobOf<Run> = Run extends (job: infer Job) => unknown ? Omit<Job, keyof Stoppable> : never
type ResultOf<Run> = Run extends (job: never) => Promise<Reply<infer Result>> ? Result : never

/** What each job is given on top. */
export interface Stoppable {
  stop: StopFlag
}

export interface ThreadPoolOptions {
  threads: Threads
  maxThreads: number
  limits: JobLimits
  /** Told of faults of a thread that has no job; the pool replaces it. */
  onError: (error: unknown) => void
  /** Told what threads post beside replies. */
  onMessage?: (message: unknown) => void
}

export interface RunOptions {
  /** What the job works on: where a thread hangs, no other is started on the same. */
  subject: string
  /** Stops the job when it aborts. */
  signal?: AbortSignal | undefined
  transferList?: TransferListItem[]
}

export class ThreadPool<File extends Jobs<File>> {
  readonly #threads: Threads
  readonly #limits: JobLimits
  readonly #maxThreads: number
  /** One for each thread that there may be: what waits for one is not at work yet. */
  readonly #slots: Slots
  /** The threads that were given up and have not ended, with what they hang on. */
  readonly #hung = new Map<Worker, string>()

  constructor({ threads, maxThreads, limits, onError, onMessage }: ThreadPoolOptions) {
    this.#limits = limits
    this.#maxThreads = maxThreads
    this.#slots = new Slots(maxThreads)
    this.#threads = threads
    this.#threads.on('error', (error) => {
      if (!isLateAnswer(error)) onError(error)
    })
    if (onMessage) this.#threads.on('message', onMessage)
  }

  /** Whether so many threads hang that no job is started any more. */
  get isExhausted(): boolean {
    return this.#hung.size >= MAX_HUNG_SHARE * this.#maxThreads
  }

  /**
   * Runs one of the functions. Throws the error it replies with, `sync-timeout`, or `volume-hangs`
   * where it was given up, or an earlier job on the same subject was and has not ended.
   */
  async run<Name extends keyof File & string>(
    name: Name,
    job: JobOf<File[Name]>,
    { subject, signal, transferList = [] }: RunOptions,
  ): Promise<ResultOf<File[Name]>> {
    await this.#slots.take(signal).catch((reason) => {
      throw stopped(reason)
    })
    try {
      if ([...this.#hung.values()].includes(subject)) throw stillHangs(subject)
      if (this.isExhausted) throw tooManyHang(this.#hung.size)
      return await this.#run(name, job, { subject, signal, transferList })
    } finally {
      this.#slots.free()
    }
  }

  /** Waits for all jobs, then ends the threads. */
  async close(): Promise<void> {
    for (let left = this.#maxThreads; left > 0; left--) await this.#slots.take()
    await this.#threads.close()
  }

  #run<Name extends keyof File & string>(
    name: Name,
    job: JobOf<File[Name]>,
    { subject, signal, transferList = [] }: RunOptions,
  ): Promise<ResultOf<File[Name]>> {
    return withinLimits(this.#limits, signal, async (stop, giveUp) => {
      let before: Worker[] = []
      // Before the pool hears of it, which forgets the thread then.
      giveUp.addEventListener('abort', () => {
        before = this.#threads.threads
      })
      const named = { name, job: { ...job, stop } }
      try {
        return unwrap(await this.#threads.run(named, { transferList, signal: giveUp }))
      } catch (error) {
        if (!giveUp.aborted) throw error
        const kept = new Set(this.#threads.threads)
        for (const thread of before) if (!kept.has(thread)) this.#abandon(thread, subject)
        throw giveUp.reason
      }
    })
  }

  #abandon(thread: Worker, subject: string): void {
    this.#hung.set(thread, subject)
    thread.once('exit', () => this.#hung.delete(thread))
    thread.unref()
  }
}

function stillHangs(subject: string): SyncError {
  return new SyncError(
    'volume-hangs',
    `An earlier call of the file system for ${subject} hangs still; nothing more is done there before it returns`,
  )
}

function tooManyHang(count: number): SyncError {
  return new SyncError(
    'volume-hangs',
    `${count} threads hang in calls of the file system, and no more are started: look for the volume that hangs, and restart this service`,
  )
}

/** Whether what the library took for a fault, which has no code, is the answer of a job that was given up just before. */
function isLateAnswer(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('Unexpected message from Worker')
}
