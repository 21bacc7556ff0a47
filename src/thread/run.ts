// One task in a thread of its own, which ends with it, or as soon as it is left or aborted.
import { on } from 'node:events'
import {
  MessageChannel,
  type MessagePort,
  parentPort,
  Worker,
  workerData,
} from 'node:worker_threads'
import { THREAD_HEAP } from './limits.js'
import { type Reply, reply, unwrap } from './reply.js'
import { receiveChunks } from './stream.js'

/**
 * Has the file `entry` {@link serve} a task, which is cloned. Throws the error it replies with, that
 * of a thread that fails, or the reason of `signal`.
 */
export async function runInThread<T>(entry: URL, task: object, signal?: AbortSignal): Promise<T> {
  const { worker, result } = start<T>(entry, task, [], signal)
  try {
    return await result
  } finally {
    await worker.terminate()
  }
}

/**
 * Like {@link runInThread}, for a task that sends chunks to `port`, which it is given on top: yields
 * them. The thread starts with the first read.
 */
export async function* streamFromThread(
  entry: URL,
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
    await worker.terminate()
  }
}

/** Does the task that this thread was started with, and replies. */
export async function serve<Task, T>(work: (task: Task) => T | Promise<T>): Promise<void> {
  parentPort?.postMessage(await reply(() => work(workerData)))
}

/** Starts a thread with a task, which is cloned; nobody is told of its faults. */
export function startThread(entry: URL, task: object, transferList: MessagePort[] = []): Worker {
  const worker = new Worker(entry, { workerData: task, transferList, resourceLimits: THREAD_HEAP })
  worker.on('error', () => {})
  return worker
}

function start<T>(
  entry: URL,
  task: object,
  transferList: MessagePort[],
  signal: AbortSignal | undefined,
): { worker: Worker; result: Promise<T> } {
  signal?.throwIfAborted()
  // Faults count until there is a reply; what a dying thread says later does not.
  const worker = startThread(entry, task, transferList)
  return { worker, result: replyOf<T>(worker, signal).then(unwrap) }
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
