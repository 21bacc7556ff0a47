// Has a thread of its own read objects; leaving it, or aborting, ends the thread.

import { toAbortError } from '../../base/abort-error.js'
import { type SyncError, toSyncError } from '../../base/errors.js'
import type { Oid } from '../../git/oid.js'
import { runInThread, streamFromThread } from '../../thread/run.js'
import type { FetchRequest } from '../remote-session.js'
import type { LocalRepository } from './repository.js'
import type { FetchTask, Peeled, PeelTask } from './worker.js'

const WORKER = new URL('./worker.js', import.meta.url)

/** A pack, read from `repository` by a thread that starts with the first read. */
export async function* fetchInWorker(
  repository: LocalRepository,
  request: FetchRequest,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  const task: Omit<FetchTask, 'port'> = { repository, request }
  try {
    yield* streamFromThread(WORKER, task, signal)
  } catch (error) {
    throw toFault(error, signal)
  }
}

/** What each of `oids` peels to. */
export async function peelInWorker(
  repository: LocalRepository,
  oids: readonly Oid[],
  signal: AbortSignal,
): Promise<Peeled> {
  const task: PeelTask = { repository, oids }
  try {
    return await runInThread<Peeled>(WORKER, task, signal)
  } catch (error) {
    throw toFault(error, signal)
  }
}

function toFault(error: unknown, signal: AbortSignal): SyncError {
  return signal.aborted ? toAbortError(signal.reason) : toSyncError(error)
}
