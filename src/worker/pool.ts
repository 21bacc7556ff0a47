// The worker threads, as functions the main thread can call; jobs.ts has what runs in them.
import { randomUUID } from 'node:crypto'
import { MessageChannel, type MessagePort } from 'node:worker_threads'
import { type Clock, systemClock } from '../base/clock.js'
import type { Shard } from '../base/shard.js'
import type { Limits } from '../git/limits.js'
import type { Depth } from '../publish/drift/comparison.js'
import type { Inspection } from '../publish/drift/inspection.js'
import { announceProcess } from '../publish/lease/process-identity.js'
import type { ShownContent } from '../publish/publisher.js'
import type { SetAside, Target } from '../publish/target.js'
import { closePart, type MemoryBudget, type MemoryPart, openPart } from '../thread/memory-budget.js'
import { type RunOptions, ThreadPool } from '../thread/pool.js'
import { answer } from '../thread/question.js'
import { sendChunks } from '../thread/stream.js'
import type { Threads } from '../thread/threads.js'
import type * as jobs from './jobs.js'
import { createLeaseStore, type LeaseStore } from './lease-store.js'
import type { LfsWant } from './lfs-objects.js'
import { startWorkers } from './threads.js'
import type { PackRequest, Unpacked, UnpackOptions } from './unpacked.js'

/** What all jobs together may hold of packs, and again of inflated objects, in bytes. */
const MEMORY_BYTES = 64 * 1024 * 1024

/** What all syncs at once have of the memory budget without waiting. */
const SYNCS_SHARE = 3 / 8

/** How long a job may take to stop, in milliseconds: more than the slowest volume that works. */
const GRACE_MS = 15_000

export interface PackToPublish
  extends Pick<
    UnpackOptions,
    | 'target'
    | 'want'
    | 'have'
    | 'history'
    | 'selection'
    | 'signatureCheck'
    | 'remote'
    | 'insteadOf'
    | 'progress'
    | 'allow'
  > {
  /** The pack, which is asked for when the worker has its task; `memory` is that of the worker. */
  chunks: (memory: MemoryPart) => AsyncIterable<Uint8Array>
  /** Fetches another pack. @default none is fetched */
  fetch?: (request: PackRequest, memory: MemoryPart) => AsyncIterable<Uint8Array>
  /** Fetches objects of Git LFS. @default none is fetched */
  fetchLfs?: (request: LfsWant) => AsyncIterable<Uint8Array>[]
}

export interface WorkerPool {
  /** What keeps other instances away. */
  leases: LeaseStore
  /** What is in place at a target; completes what was interrupted. Hashes `share` of all content. */
  inspect(target: Target, share: Depth['share'], signal: AbortSignal): Promise<Inspection>
  /**
   * Receives a pack, verifies it and publishes it; all or nothing. Where `want` is `have`, which is
   * a commit then, that commit is put right.
   */
  publish(pack: PackToPublish, signal: AbortSignal): Promise<Unpacked & { receivedAt: number }>
  /**
   * Removes what is not needed beside a published tree, and prepares for the next. Returns the
   * milliseconds until there is more to do; undefined where there is not.
   */
  tidy(target: Target, graceMs: number, signal: AbortSignal): Promise<number | undefined>
  /** What readers see of a target, of which what was there for so long may be out of use. */
  look(target: Target, graceMs: number, signal: AbortSignal): Promise<ShownContent>
  /** Removes what was published, and its state. */
  unpublish(target: Target, signal: AbortSignal): Promise<void>
  /** Whether so many threads hang that no job is started any more. */
  isExhausted(): boolean
  /** Waits for running jobs, then ends the threads. */
  close(): Promise<void>
}

export interface WorkerPoolOptions {
  /** How many jobs run at once; each has a thread. */
  maxThreads: number
  /** Which of several instances this is; undefined: the only one. */
  shard?: Shard | undefined
  /** @default they are started now */
  threads?: Threads | undefined
  /** What a commit may take at most. */
  limits: Limits
  /** For what must be held whole. */
  memory: MemoryBudget
  /** How long one job may take, in milliseconds. */
  timeoutMs: number
  /** @default systemClock */
  clock?: Clock
  /** Told of faults of a thread that has no job; the pool replaces it. */
  onError: (error: unknown) => void
  /** Told of state that is not believed. */
  onSetAside?: (found: SetAside) => void
}

/** Gives work to the threads. */
export function createWorkerPool(options: WorkerPoolOptions): WorkerPool {
  const {
    clock = systemClock,
    limits,
    maxThreads,
    memory,
    onError,
    onSetAside,
    shard,
    threads: started = startWorkers(maxThreads),
    timeoutMs,
  } = options
  const threads = new ThreadPool<typeof jobs>({
    threads: started,
    maxThreads,
    limits: { clock, limitMs: timeoutMs, graceMs: GRACE_MS },
    onError,
    // Nothing else is posted by jobs.ts.
    onMessage: (message) => onSetAside?.(message as SetAside),
  })
  const shared = { memoryBytes: Math.floor(MEMORY_BYTES / maxThreads), limits }
  return {
    leases: createLeaseStore(threads, announceProcess(randomUUID(), shard)),
    isExhausted: () => threads.isExhausted,
    inspect: (target, share, signal) =>
      threads.run('inspect', { target, share }, on(target, signal)),
    tidy: (target, graceMs, signal) => threads.run('tidy', { target, graceMs }, on(target, signal)),
    look: (target, graceMs, signal) => threads.run('look', { target, graceMs }, on(target, signal)),
    unpublish: (target, signal) => threads.run('unpublish', { target }, on(target, signal)),
    async publish(pack, signal) {
      const part = openPart(memory, SYNCS_SHARE / maxThreads)
      try {
        return await publish(threads, pack, { ...shared, memory: part }, signal)
      } finally {
        closePart(part)
      }
    },
    close: () => threads.close(),
  }
}

function on({ directory }: Target, signal: AbortSignal): RunOptions {
  return { subject: directory, signal }
}

async function publish(
  threads: ThreadPool<typeof jobs>,
  { allow, chunks, fetch, fetchLfs, ...revisions }: PackToPublish,
  shared: Pick<UnpackOptions, 'memoryBytes' | 'limits' | 'memory'>,
  signal: AbortSignal,
): Promise<Unpacked & { receivedAt: number }> {
  const [pack, requests] = [new MessageChannel(), new MessageChannel()]
  const sent = new Set<Promise<void>>()
  // A thread that hangs closes none of its own: what is sent to it would never end.
  const open = new Set([pack.port1, requests.port1])
  let receivedAt = 0
  const send = (port: MessagePort, chunks: AsyncIterable<Uint8Array>) => {
    // A commit may have any number of objects: what came is let go.
    open.add(port)
    port.once('close', () => open.delete(port))
    const sending = sendChunks(port, chunks).then(
      () => {
        receivedAt = performance.now()
      },
      // The thread is told what failed, and it is the thread's to say what follows.
      () => undefined,
    )
    sent.add(sending)
    void sending.then(() => sent.delete(sending))
  }
  // The sender first: waking a thread takes time, in which the remote can work already.
  send(pack.port1, chunks(shared.memory))
  const canFetch = fetch !== undefined
  const isGated = allow !== undefined
  requests.port1.on('message', (wanted: jobs.AskedPack | jobs.LfsPorts | jobs.Permission) => {
    if ('ready' in wanted) {
      open.add(wanted.port)
      if (allow) answer(wanted.port, () => allow(wanted.ready), signal)
      return
    }
    if ('port' in wanted) {
      if (fetch) send(wanted.port, fetch(wanted.request, shared.memory))
      return
    }
    const streams = fetchLfs?.(wanted.request) ?? []
    for (const [at, port] of wanted.ports.entries()) {
      const stream = streams[at]
      if (stream) send(port, stream)
      else port.close()
    }
  })
  const transferList = [pack.port2, requests.port2]
  const ports = { port: pack.port2, requests: requests.port2 }
  const published = threads
    .run(
      'publish',
      { ...revisions, ...shared, ...ports, canFetch, isGated },
      { ...on(revisions.target, signal), transferList },
    )
    .finally(() => {
      for (const port of open) port.close()
    })
  const [working] = await Promise.allSettled([published])
  await Promise.all(sent)
  if (working.status === 'rejected') throw working.reason
  return { ...working.value, receivedAt }
}
