// Threads that run the functions of one file, one job each at a time; idle ones end after a while.
import type { TransferListItem } from 'node:worker_threads'
import { Piscina } from 'piscina'
import { IDLE_THREAD_MS, THREAD_HEAP } from './limits.js'
import { type Reply, unwrap } from './reply.js'

/** What the file exports: each function takes a job, which is cloned, and gives a reply. */
type Jobs<File> = { [Name in keyof File]: (job: never) => Promise<Reply<unknown>> }

type JobOf<Run> = Run extends (job: infer Job) => unknown ? Job : never
type ResultOf<Run> = Run extends (job: never) => Promise<Reply<infer Result>> ? Result : never

export class ThreadPool<File extends Jobs<File>> {
  readonly #threads: Piscina

  /**
   * Starts at most `maxThreads` threads of the file `entry`. `onError` is told of faults of a thread
   * that has no job; the pool replaces it. `onMessage` is told what threads post beside replies.
   */
  constructor(
    entry: URL,
    maxThreads: number,
    onError: (error: unknown) => void,
    onMessage: (message: unknown) => void = () => undefined,
  ) {
    this.#threads = new Piscina({
      filename: entry.href,
      minThreads: 1,
      maxThreads,
      idleTimeout: IDLE_THREAD_MS,
      resourceLimits: THREAD_HEAP,
    })
    this.#threads.on('error', onError)
    this.#threads.on('message', onMessage)
  }

  /** Runs one of the functions. Throws the error it replies with. */
  async run<Name extends keyof File & string>(
    name: Name,
    job: JobOf<File[Name]>,
    transferList: TransferListItem[] = [],
  ): Promise<ResultOf<File[Name]>> {
    return unwrap(await this.#threads.run(job, { name, transferList }))
  }

  /** Waits for running jobs, then ends the threads. */
  async close(): Promise<void> {
    await this.#threads.close()
  }
}
