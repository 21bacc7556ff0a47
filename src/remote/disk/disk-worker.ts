// What runs in the thread that reads a repository's objects: one task.
import type { MessagePort } from 'node:worker_threads'
import type { Oid } from '../../git/oid.js'
import { serve } from '../../thread/run.js'
import { sendChunks } from '../../thread/stream.js'
import type { FetchRequest } from '../remote-session.js'
import { ObjectStore } from './object-store.js'
import { peel } from './peel.js'
import { type LocalRepository, toLocalError } from './repository.js'
import { uploadPack } from './upload-pack.js'

/** To send the pack that is asked for. */
export interface FetchTask {
  repository: LocalRepository
  request: FetchRequest
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
    const store = new ObjectStore(task.repository, checkpoint)
    const peeled = 'oids' in task && new Map(task.oids.map((oid) => [oid, peel(store, oid)]))
    if ('port' in task) await sendChunks(task.port, uploadPack(store, task.request))
    store.close()
    return peeled || undefined
  } catch (error) {
    throw toLocalError(error, task.repository.directory)
  }
})
