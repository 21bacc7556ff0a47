// Runs the worker for one task; leaving it, or aborting, ends the thread.
import { on } from 'node:events'
import { Worker } from 'node:worker_threads'
import { toAbortError } from '../../base/abort-error.js'
import { SyncError, toSyncError } from '../../base/errors.js'
import type { Oid } from '../../git/oid.js'
import type { FetchRequest } from '../remote-session.js'
import type { LocalRepository } from './repository.js'
import type { WorkerMessage, WorkerTask } from './worker-messages.js'

/** A pack, read from `repository` by a thread that starts with the first read. */
export async function* fetchInWorker(
  repository: LocalRepository,
  request: FetchRequest,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  for await (const message of runTask({ kind: 'fetch', repository, request }, signal)) {
    if (message.kind !== 'chunk') continue
    const { buffer, byteOffset, byteLength } = message.chunk
    yield Buffer.from(buffer, byteOffset, byteLength)
  }
}

/** What each of `oids` peels to: null where it is no tag, undefined where objects are missing. */
export async function peelInWorker(
  repository: LocalRepository,
  oids: Oid[],
  signal: AbortSignal,
): Promise<Map<Oid, Oid | null | undefined>> {
  for await (const message of runTask({ kind: 'peel', repository, oids }, signal)) {
    if (message.kind === 'peeled') return message.peeled
  }
  return new Map()
}

async function* runTask(task: WorkerTask, signal: AbortSignal): AsyncGenerator<WorkerMessage> {
  if (signal.aborted) throw toAbortError(signal.reason)
  const worker = new Worker(new URL('./worker.js', import.meta.url), { workerData: task })
  // Faults count as long as messages are read; what a dying thread says later does not.
  worker.on('error', () => {})
  try {
    const messages = on(worker, 'message', { close: ['exit'], signal })
    for await (const [message] of messages as AsyncIterable<[WorkerMessage]>) {
      if (message.kind === 'failed') throw new SyncError(message.code, message.message)
      if (message.kind === 'done') return
      yield message
      worker.postMessage('consumed')
    }
    throw new SyncError('internal', 'The thread that reads a local repository ended too early')
  } catch (error) {
    if (signal.aborted) throw toAbortError(signal.reason)
    throw toSyncError(error)
  } finally {
    await worker.terminate()
  }
}
