// Runs in a worker thread: receives a pack, verifies it, and publishes it with
// synchronous calls, so that the main thread's event loop is never blocked.
import { readFileSync, type Stats } from 'node:fs'
import type { MessagePort } from 'node:worker_threads'
import { SyncError } from '../base/errors.js'
import { receiveChunks } from '../base/port-stream.js'
import { hashObject, type ObjectType, targetOfTag, treeOfCommit } from '../git/object.js'
import type { ObjectFormat, Oid } from '../git/oid.js'
import { type Pack, PackReader } from '../pack/pack-reader.js'
import { toFsPath } from '../publish/byte-path.js'
import type { Published, Target } from '../publish/in-place.js'
import type { Site } from '../publish/publication.js'
import * as publication from '../publish/publication.js'
import { type Answer, answer } from './answer.js'

export interface PublishJob {
  site: Site
  /** The commit, or the tag that leads to it. */
  want: Oid
  objectFormat: ObjectFormat
  /** The pack arrives here, as `sendChunks` sends it. */
  port: MessagePort
  /** Not zero once the job is to be given up. */
  stop: Int32Array
  cacheBytes: number
}

export interface JobResult extends Published {
  commit: Oid
  /** Pack bytes received. */
  bytes: number
  /** Milliseconds from the end of the pack until it was verified, and from then until published. */
  unpackMs: number
  publishMs: number
}

/** The commit that is in place at a site, if it is whole. */
export function inspect(site: Site): Promise<Answer<Oid | undefined>> {
  return answer(() => publication.inspect(site))
}

/** Removes what was published at a site. */
export function unpublish(site: Site): Promise<Answer<void>> {
  return answer(() => publication.unpublish(site))
}

/** Removes what is no longer needed beside a published tree. */
export function collect(site: Site): Promise<Answer<void>> {
  return answer(() => publication.collect(site))
}

/** Receives a pack and publishes the commit it was asked for. */
export function publish(job: PublishJob): Promise<Answer<JobResult>> {
  return answer(async () => {
    const reader = new PackReader({
      objectFormat: job.objectFormat,
      findBase: () => undefined,
      cacheBytes: job.cacheBytes,
    })
    for await (const chunk of receiveChunks(job.port)) reader.write(chunk)
    const receivedAt = performance.now()
    const pack = reader.finish()
    const target = targetOf(pack, job)
    const verifiedAt = performance.now()
    const published = publication.publish(job.site, target, () => checkpoint(job))
    return {
      ...published,
      commit: target.commit,
      bytes: pack.bytes,
      unpackMs: verifiedAt - receivedAt,
      publishMs: performance.now() - verifiedAt,
    }
  })
}

function targetOf(pack: Pack, { want, objectFormat }: PublishJob): Target {
  const commit = peel(pack, want)
  const readBlob = (oid: Oid) => read(pack, oid, 'blob')
  return {
    commit,
    tree: treeOfCommit(read(pack, commit, 'commit')),
    readTree: (oid) => read(pack, oid, 'tree'),
    readBlob,
    isContentOf: (path: string, stat: Stats, oid: Oid) =>
      stat.size === readBlob(oid).length &&
      hashObject('blob', readFileSync(toFsPath(path)), objectFormat) === oid,
  }
}

/** Follows annotated tags to the commit. */
function peel(pack: Pack, want: Oid): Oid {
  const { type, body } = pack.read(want)
  if (type === 'tag') return peel(pack, targetOfTag(body))
  if (type === 'commit') return want
  throw new SyncError(
    'not-a-commit',
    `The ref names the ${type} ${want}, which is no commit; follow another ref`,
  )
}

function read(pack: Pack, oid: Oid, type: ObjectType): Buffer {
  const object = pack.read(oid)
  if (object.type === type) return object.body
  throw new SyncError(
    'pack-corrupt',
    `The object ${oid} is a ${object.type}, where a ${type} belongs; the repository is damaged (git fsck tells more)`,
  )
}

function checkpoint({ stop }: PublishJob): void {
  if (Atomics.load(stop, 0) !== 0)
    throw new SyncError('aborted', 'The sync was stopped before anything was published')
}
