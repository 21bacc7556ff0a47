// One task in a thread of its own, which ends with it, or as soon as it is left or aborted.
import { on } from 'node:events'
import { MessageChannel, type MessagePort, parentPort, Worker } from 'node:worker_threads'
import { endIfAsked, endThread, nextTask, willEndWhenAsked } from './ending.js'
import { THREAD_HEAP } from './heap-limit.js'
import { type Reply, reply, unwrap } from './reply.js'
import { receiveChunks } from './stream.js'

/** How long a thread waits for its task that was started ahead of it, in milliseconds. */
const SPARE_MS = 2000

/** The next thread of a file, which may be started ahead of its task. */
export class SpareThread {
  readonly #entry: URL
  readonly #waitMs: number
  #spare: { worker: Worker; timer: NodeJS.Timeout } | undefined

  /** `waitMs` is how long one waits for its task before it ends. */
  constructor(entry: URL, waitMs = SPARE_MS) {
    this.#entry = entry
    this.#waitMs = waitMs
  }

  /** Starts it, as a task follows soon. */
  prepare(): void {
    if (this.#spare) return
    const worker = startServing(this.#entry)
    worker.unref()
    const forget = () => {
      if (this.#spare?.worker === worker) this.#spare = undefined
    }
    worker.once('exit', forget)
    const timer = setTimeout(() => {
      forget()
      endThread(worker)
    }, this.#waitMs)
    this.#spare = { worker, timer: timer.unref() }
  }

  /** One that is nobody else's from now on. */
  take(): Worker {
    const { timer, worker } = this.#spare ?? {}
    this.#spare = undefined
    clearTimeout(timer)
    worker?.ref()
    return worker ?? startServing(this.#entry)
  }
}

/**
 * Has the file `entry` {@link serve} a task, which is cloned. Throws the error it replies with, that
 * of a thread that fails, or the reason of `signal`.
 */
export async function runInThread<T>(
  entry: URL | SpareThread,
  task: object,
  signal?: AbortSignal,
): Promise<T> {
  const { worker, result } = start<T>(entry, task, [], signal)
  try {
    return await result
  } finally {
    endThread(worker)
  }
}

/**
 * Like {@link runInThread}, for a task that sends chunks to `port`, which it is given on top: yields
 * them. The thread starts with the first read.
 */
export async function* streamFromThread(
  entry: URL | SpareThread,
  task: object,
  signal?: AbortSignal,
): AsyncGenerator<Buffer> {
  const { port1, port2 } = new MessageChannel()
  const { worker, result } = start<void>(entry, { ...task, port: port2 }, [port2], signal)
  result.catch(() => port1.close())
  try {
    yield* receiveChunks(port1)
  } catch (error) {
    // Why it stopped sending.
    await result
    throw error
  } finally {
    endThread(worker)
  }
}

/**
 * Does the task of this thread, replies, and ends. The thread of a task that nobody waits for any more
 * ends with its next turn, or where `work` calls `checkpoint`.
 */
export async function serve<Task, T>(
  work: (task: Task, checkpoint: () => void) => T | Promise<T>,
): Promise<void> {
  const task = nextTask<Task>()
  parentPort?.postMessage(await reply(async () => work(await task, endIfAsked)))
  process.exit()
}

/** Starts a thread, whose `workerData` is cloned; nobody is told of its faults. */
export function startThread(entry: URL, workerData?: object): Worker {
  const worker = new Worker(entry, { workerData, resourceLimits: THREAD_HEAP })
  worker.on('error', () => {})
  return worker
}

function startServing(entry: URL): Worker {
  const worker = startThread(entry)
  willEndWhenAsked(worker)
  return worker
}

function start<T>(
  entry: URL | SpareThread,
  task: object,
  transferList: MessagePort[],
  signal: AbortSignal | undefined,
): { worker: Worker; result: Promise<T> } {
  signal?.throwIfAborted()
  // Faults count until there is a reply; what a dying thread says later does not.
  const worker = entry instanceof URL ? startServing(entry) : entry.take()
  const result = replyOf<T>(worker, signal).then(unwrap)
  worker.postMessage(task, transferList)
  return { worker, result }
}

async function replyOf<T>(worker: Worker, signal: AbortSignal | undefined): Promise<Reply<T>> {
  const messages = on(worker, 'message', { close: ['exit'], ...(signal ? { signal } : {}) })
  try {
    for await (const [replied] of messages) return replied
  } catch (error) {
    throw signal?.aborted ? signal.reason : error
  }
  throw new Error('the thread ended without a reply')
}
