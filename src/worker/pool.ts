// The worker threads, as functions the main thread can call; jobs.ts has what runs in them.
import { randomUUID } from 'node:crypto'
import { MessageChannel } from 'node:worker_threads'
import type { Limits } from '../git/limits.js'
import type { Oid } from '../git/oid.js'
import { announceProcess } from '../publish/lease/process-identity.js'
import type { Depth } from '../publish/snapshot/comparison.js'
import type { Inspection } from '../publish/snapshot/inspection.js'
import type { SetAside, Target } from '../publish/target.js'
import { ThreadPool } from '../thread/pool.js'
import { type StopFlag, stoppable } from '../thread/stop.js'
import { sendChunks } from '../thread/stream.js'
import type * as jobs from './jobs.js'
import { createLeaseStore, type LeaseStore } from './lease-store.js'
import type { Unpacked } from './receive.js'

/** What all jobs together may hold of packs, and again of inflated objects, in bytes. */
const MEMORY_BYTES = 64 * 1024 * 1024

export interface PackToPublish {
  target: Target
  want: Oid
  /** The published commit that the remote was told of. */
  have: Oid | undefined
  chunks: AsyncIterable<Uint8Array>
}

export interface WorkerPool {
  /** What keeps other instances away. */
  leases: LeaseStore
  /** What is in place at a target; completes what was interrupted. Hashes `share` of all content. */
  inspect(target: Target, share: Depth['share'], signal: AbortSignal): Promise<Inspection>
  /**
   * Receives a pack, verifies it and publishes it; all or nothing. Where `want` is `have`, which is
   * a commit then, the pack has the blobs that it takes to put that commit right.
   */
  publish(pack: PackToPublish, signal: AbortSignal): Promise<Unpacked & { receivedAt: number }>
  /**
   * Removes what is not needed beside a published tree, and prepares for the next. Returns the
   * milliseconds until there is more to do; undefined where there is not.
   */
  tidy(target: Target, graceMs: number, signal: AbortSignal): Promise<number | undefined>
  /** Removes what was published, and its state. */
  unpublish(target: Target, signal: AbortSignal): Promise<void>
  /** Waits for running jobs, then ends the threads. */
  close(): Promise<void>
}

/**
 * Starts a pool of at most `maxThreads` threads, one job each at a time. `onError` is told of
 * faults of a thread that has no job; the pool replaces it. `onSetAside` is told of state that is
 * not believed.
 */
export function createWorkerPool(
  maxThreads: number,
  onError: (error: unknown) => void,
  limits: Limits,
  onSetAside: (found: SetAside) => void = () => undefined,
): WorkerPool {
  const shared = { memoryBytes: Math.floor(MEMORY_BYTES / maxThreads), limits }
  const threads = new ThreadPool<typeof jobs>(
    new URL('./jobs.js', import.meta.url),
    maxThreads,
    onError,
    // Nothing else is posted by jobs.ts.
    (message) => onSetAside(message as SetAside),
  )
  return {
    leases: createLeaseStore(threads, announceProcess(randomUUID())),
    inspect: (target, share, signal) =>
      stoppable(signal, (stop) => threads.run('inspect', { target, share, stop })),
    tidy: (target, graceMs, signal) =>
      stoppable(signal, (stop) => threads.run('tidy', { target, graceMs, stop })),
    unpublish: (target, signal) =>
      stoppable(signal, (stop) => threads.run('unpublish', { target, stop })),
    publish: (pack, signal) => stoppable(signal, (stop) => publish(threads, pack, shared, stop)),
    close: () => threads.close(),
  }
}

async function publish(
  threads: ThreadPool<typeof jobs>,
  { chunks, ...rest }: PackToPublish,
  shared: Pick<jobs.PublishJob, 'memoryBytes' | 'limits'>,
  stop: StopFlag,
): Promise<Unpacked & { receivedAt: number }> {
  const { port1, port2 } = new MessageChannel()
  const job: jobs.PublishJob = { ...rest, ...shared, port: port2, stop }
  let receivedAt = 0
  // The sender first: waking a thread takes time, in which the remote can work already.
  const sent = sendChunks(port1, chunks).then(() => {
    receivedAt = performance.now()
  })
  const published = threads.run('publish', job, [port2]).finally(() => port1.close())
  // The sender's failure is the cause of the worker's, so it is the one to report.
  const [sending, working] = await Promise.allSettled([sent, published])
  if (sending.status === 'rejected') throw sending.reason
  if (working.status === 'rejected') throw working.reason
  return { ...working.value, receivedAt }
}
