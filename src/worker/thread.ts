// What runs in a worker thread: all work on published files, with synchronous calls, so
// that the main thread's event loop is never blocked.
import type { MessagePort } from 'node:worker_threads'
import { SyncError } from '../base/errors.js'
import type { LeaseAnswer } from '../publish/lease/claim.js'
import * as leases from '../publish/lease/claim.js'
import { type Lease, leaseGuard } from '../publish/lease/lease.js'
import type { LeaseClaim } from '../publish/publication.js'
import * as publication from '../publish/publication.js'
import type { Depth } from '../publish/snapshot/comparison.js'
import type { Inspection } from '../publish/snapshot/inspection.js'
import type { Target } from '../publish/target.js'
import { receiveChunks } from '../thread/port-stream.js'
import { type Answer, answer } from '../thread/reply.js'
import { type Unpacked, type UnpackOptions, unpack } from './receive.js'
import { repair } from './repair.js'

/** Not zero once the job is to be given up. */
export type StopFlag = Int32Array

export interface PublishJob extends Omit<UnpackOptions, 'checkpoint'> {
  /** The pack arrives here, as `sendChunks` sends it. */
  port: MessagePort
  stop: StopFlag
}

export interface TidyJob {
  site: Target
  graceMs: number
  stop: StopFlag
}

export interface InspectJob extends Pick<Depth, 'share'> {
  site: Target
  stop: StopFlag
}

export interface UnpublishJob {
  site: Target
  stop: StopFlag
}

/** What is in place at a site. */
export function inspect({ site, share, stop }: InspectJob): Promise<Answer<Inspection>> {
  return answer(() => publication.inspect(site, { share, checkpoint: checkpointOf(site, stop) }))
}

/** Removes what was published at a site. */
export function unpublish({ site, stop }: UnpublishJob): Promise<Answer<void>> {
  return answer(() => publication.unpublish(site, checkpointOf(site, stop)))
}

/** Removes what is not needed beside a published tree; the milliseconds until more is to be done. */
export function tidy({ site, graceMs, stop }: TidyJob): Promise<Answer<number | undefined>> {
  const options = { graceMs, now: Date.now(), checkpoint: checkpointOf(site, stop) }
  return answer(() => publication.tidy(site, options))
}

/** Receives a pack and publishes the commit it was asked for, or repairs the one in place. */
export function publish({ port, stop, ...job }: PublishJob): Promise<Answer<Unpacked>> {
  const options = { ...job, checkpoint: checkpointOf(job.site, stop) }
  const receive = job.want === job.have ? repair : unpack
  return answer(() => receive(receiveChunks(port), options))
}

/** Acquires the lease of a site, as far as possible now. */
export function acquireLease(claim: LeaseClaim): Promise<Answer<LeaseAnswer>> {
  return answer(() => publication.acquireLease(claim))
}

/** Gives a lease back. */
export function releaseLease(lease: Lease): Promise<Answer<void>> {
  return answer(() => leases.releaseLease(lease))
}

/** Throws when a job is to be given up. */
function checkpointOf({ lease }: Target, stop: StopFlag): () => void {
  const guardLease = leaseGuard(lease)
  return () => {
    if (Atomics.load(stop, 0) !== 0) {
      throw new SyncError('aborted', 'The sync was stopped before anything was published')
    }
    guardLease()
  }
}
