// What runs in the thread that reads a repository's objects: one task.
import type { MessagePort } from 'node:worker_threads'
import { CommitMemory } from '../../git/commit-memory.js'
import type { Oid } from '../../git/oid.js'
import { assertHoldable } from '../../git/whole-objects.js'
import { collectGarbage } from '../../thread/garbage.js'
import { hasReserve, type MemoryPart } from '../../thread/memory-budget.js'
import { serve } from '../../thread/run.js'
import { sendChunks } from '../../thread/stream.js'
import type { FetchRequest } from '../remote-session.js'
import { ObjectStore } from './object-store.js'
import { peel } from './peel.js'
import { type LocalRepository, toLocalError } from './repository.js'
import { planPack, uploadPack } from './upload-pack.js'
import { ensureWithin } from './whole-object.js'

/** To send the pack that is asked for. */
export interface FetchTask {
  repository: LocalRepository
  request: FetchRequest
  /** For what must be held whole meanwhile. */
  memory: MemoryPart
  port: MessagePort
}

/** To tell what each of `oids` peels to. */
export interface PeelTask {
  repository: LocalRepository
  oids: readonly Oid[]
}

/** Of each oid, null where it is no tag, undefined where objects are missing. */
export type Peeled = Map<Oid, Oid | null | undefined>

await serve(async (task: FetchTask | PeelTask, checkpoint): Promise<Peeled | undefined> => {
  try {
    return 'oids' in task ? peelAll(task, checkpoint) : await sendPack(task, checkpoint)
  } catch (error) {
    throw toLocalError(error, task.repository.directory)
  } finally {
    if ('memory' in task) collectUnheld(task.memory)
  }
})

/** Whoever has the reserve next, or as well, starts with all of it. */
function collectUnheld(part: MemoryPart): void {
  if (hasReserve(part)) collectGarbage()
}

async function sendPack(
  { memory: part, port, repository, request }: FetchTask,
  checkpoint: () => void,
): Promise<undefined> {
  const memory = new CommitMemory(part, checkpoint)
  const store = new ObjectStore(repository, checkpoint, ensureWithin(memory))
  const plan = planPack(store, request, memory)
  // The pack is sent to one who takes memory for it, and may be slow: meanwhile others have their turn.
  store.cache.clear()
  collectUnheld(part)
  memory.release()
  await sendChunks(port, holdingNothing(uploadPack(store, plan), memory))
  store.close()
}

/** Gives back what an object was made in, before whoever takes the object is waited for. */
async function* holdingNothing(
  chunks: AsyncIterable<Buffer>,
  memory: CommitMemory,
): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) {
    memory.release()
    yield chunk
  }
}

/** Takes no memory of anybody: no tag is large, and who waits for the refs may have all of it. */
function peelAll({ oids, repository }: PeelTask, checkpoint: () => void): Peeled {
  const store = new ObjectStore(repository, checkpoint, (type, size) =>
    assertHoldable(type, size, { maxTreeBytes: 0 }),
  )
  const peeled = new Map(oids.map((oid) => [oid, peel(store, oid)]))
  store.close()
  return peeled
}
