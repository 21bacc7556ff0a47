// The worker threads, as functions the main thread can call.
import { MessageChannel } from 'node:worker_threads'
import { Piscina } from 'piscina'
import { sendChunks } from '../base/port-stream.js'
import type { ObjectFormat, Oid } from '../git/oid.js'
import type { Site } from '../publish/publication.js'
import { unwrap } from './answer.js'
import type { JobResult, PublishJob } from './unpack-worker.js'

/** How long an idle thread is kept, in milliseconds. */
const IDLE_THREAD_MS = 10_000
/** Inflated objects that each thread keeps at hand, in bytes. */
const CACHE_BYTES = 32 * 1024 * 1024

export interface PackToPublish {
  site: Site
  want: Oid
  objectFormat: ObjectFormat
  chunks: AsyncIterable<Uint8Array>
}

export interface WorkerPool {
  /** The commit that is in place at a site, if it is whole; completes what was interrupted. */
  inspect(site: Site): Promise<Oid | undefined>
  /** Receives a pack, verifies it and publishes it; all or nothing. */
  publish(pack: PackToPublish, signal: AbortSignal): Promise<JobResult & { receivedAt: number }>
  /** Removes what is no longer needed beside a published tree. */
  collect(site: Site): Promise<void>
  /** Removes what was published, and its state. */
  unpublish(site: Site): Promise<void>
  /** Waits for running jobs, then ends the threads. */
  close(): Promise<void>
}

/** Starts a pool of at most `maxThreads` threads, one job each at a time. */
export function createWorkerPool(maxThreads: number): WorkerPool {
  const pool = new Piscina({
    filename: new URL('./unpack-worker.js', import.meta.url).href,
    minThreads: 1,
    maxThreads,
    idleTimeout: IDLE_THREAD_MS,
  })
  return {
    inspect: async (site) => unwrap(await pool.run(site, { name: 'inspect' })),
    collect: async (site) => unwrap(await pool.run(site, { name: 'collect' })),
    unpublish: async (site) => unwrap(await pool.run(site, { name: 'unpublish' })),
    publish: (pack, signal) => publish(pool, pack, signal),
    close: () => pool.close(),
  }
}

async function publish(
  pool: Piscina,
  { chunks, ...rest }: PackToPublish,
  signal: AbortSignal,
): Promise<JobResult & { receivedAt: number }> {
  const { port1, port2 } = new MessageChannel()
  const stop = new Int32Array(new SharedArrayBuffer(4))
  const onAbort = () => Atomics.store(stop, 0, 1)
  signal.addEventListener('abort', onAbort)
  const job: PublishJob = { ...rest, port: port2, stop, cacheBytes: CACHE_BYTES }
  let receivedAt = 0
  try {
    const answered = pool
      .run(job, { name: 'publish', transferList: [port2] })
      .finally(() => port1.close())
    const sent = sendChunks(port1, chunks).then(() => {
      receivedAt = performance.now()
    })
    // The sender's failure is the cause of the worker's, so it is the one to report.
    const [sending, working] = await Promise.allSettled([sent, answered])
    if (sending.status === 'rejected') throw sending.reason
    if (working.status === 'rejected') throw working.reason
    return { ...unwrap<JobResult>(working.value), receivedAt }
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
