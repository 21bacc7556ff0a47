// What runs in a worker thread: all work on published files, with synchronous calls, so
// that the main thread's event loop is never blocked.

import { setImmediate as nextTurn } from 'node:timers/promises'
import { MessageChannel, type MessagePort, parentPort } from 'node:worker_threads'
import type { Depth } from '../publish/drift/comparison.js'
import type { Inspection } from '../publish/drift/inspection.js'
import type { LeaseAnswer } from '../publish/lease/claim.js'
import { type Lease, leaseGuard } from '../publish/lease/lease.js'
import type { LeaseSight } from '../publish/lease/sight.js'
import type { LeaseClaim } from '../publish/publication.js'
import * as publication from '../publish/publication.js'
import type { ShownContent } from '../publish/publisher.js'
import type { Target } from '../publish/target.js'
import { blockingWait } from '../thread/blocking-wait.js'
import { collectGarbage } from '../thread/garbage.js'
import { hasReserve } from '../thread/memory-budget.js'
import { answerAt } from '../thread/question.js'
import { type Reply, reply } from '../thread/reply.js'
import { isStopped, type StopFlag, stopped } from '../thread/stop.js'
import { receiveChunks } from '../thread/stream.js'
import type { ReadyCommit } from './gate.js'
import type { LfsWant } from './lfs-objects.js'
import { unpack } from './receive.js'
import type { PackRequest, Unpacked, UnpackOptions } from './unpacked.js'

/** What every job on a target is given. */
export interface TargetJob {
  target: Target
  stop: StopFlag
}

/** What it takes to publish a pack. */
export interface PublishJob
  extends TargetJob,
    Omit<UnpackOptions, 'checkpoint' | 'fetch' | 'fetchLfs' | 'allow'> {
  /** The pack arrives here, as `sendChunks` sends it. */
  port: MessagePort
  /** More is asked for here: an {@link AskedPack}, an {@link LfsPorts}, or a {@link Permission}. */
  requests: MessagePort
  /** Whether packs and objects are to be had. */
  canFetch: boolean
  /** Whether a permission is needed. */
  isGated: boolean
}

/** A pack that is asked for, and where it is to be sent, as `sendChunks` does. */
export interface AskedPack {
  request: PackRequest
  port: MessagePort
}

/** Objects of Git LFS that are asked for, and where each is to be sent, as `sendChunks` does. */
export interface LfsPorts {
  request: LfsWant
  ports: readonly MessagePort[]
}

/** A permission to publish that is asked for, and where it is given, as `answer` does. */
export interface Permission {
  ready: ReadyCommit
  port: MessagePort
}

/** What is in place at a target. */
export function inspect({
  target,
  share,
  stop,
}: TargetJob & Pick<Depth, 'share'>): Promise<Reply<Inspection>> {
  const checkpoint = checkpointOf(target, stop)
  return reply(() => publication.inspect(working(target, checkpoint), { share, checkpoint }))
}

/** What readers see of a target. */
export function look({
  target,
  graceMs,
}: TargetJob & { graceMs: number }): Promise<Reply<ShownContent>> {
  return reply(() => publication.look(target, { graceMs, now: Date.now() }))
}

/** Removes what was published at a target. */
export function unpublish({ target, stop }: TargetJob): Promise<Reply<void>> {
  const checkpoint = checkpointOf(target, stop)
  return reply(() => publication.unpublish(working(target, checkpoint), checkpoint))
}

/** Removes what is not needed beside a published tree; the milliseconds until more is to be done. */
export function tidy({
  target,
  graceMs,
  stop,
}: TargetJob & { graceMs: number }): Promise<Reply<number | undefined>> {
  const checkpoint = checkpointOf(target, stop)
  const options = { graceMs, now: Date.now(), checkpoint }
  return reply(() => publication.tidy(working(target, checkpoint), options))
}

/** Whether the last job took the reserve: not all that it held need be garbage as soon as it ends. */
let hadReserve = false

/** Receives a pack and publishes the commit it was asked for, or repairs the one in place. */
export async function publish({
  canFetch,
  isGated,
  port,
  requests,
  stop,
  ...job
}: PublishJob): Promise<Reply<Unpacked>> {
  if (hadReserve) collectGarbage()
  const checkpoint = checkpointOf(job.target, stop)
  const target = working(job.target, checkpoint)
  const fetch = (request: PackRequest) => {
    const { port1, port2 } = new MessageChannel()
    requests.postMessage({ request, port: port2 } satisfies AskedPack, [port2])
    return receiveChunks(port1)
  }
  const open: MessagePort[] = [requests]
  const fetchLfs = (request: LfsWant) => {
    const channels = request.objects.map(() => new MessageChannel())
    const ports = channels.map(({ port2 }) => port2)
    requests.postMessage({ request, ports } satisfies LfsPorts, ports)
    open.push(...channels.map(({ port1 }) => port1))
    return channels.map(({ port1 }) => receiveChunks(port1))
  }
  const allow = (ready: ReadyCommit) => {
    const { port1, port2 } = new MessageChannel()
    requests.postMessage({ ready, port: port2 } satisfies Permission, [port2])
    return answerAt<void>(port1)
  }
  const options = {
    ...{ ...job, target, checkpoint },
    ...(canFetch && { fetch, fetchLfs }),
    ...(isGated && { allow }),
  }
  const replied = await reply(() => unpack(receiveChunks(port), options))
  // Where one thing failed, what comes of the others is left to nobody.
  for (const each of open) each.close()
  hadReserve = hasReserve(job.memory)
  if (hadReserve) {
    // Whoever has it next starts with all of it; what is being closed is let go of by the next turn.
    await nextTurn()
    collectGarbage()
  }
  return replied
}

/** Acquires the lease of a target, as far as possible now. */
export function acquireLease(claim: LeaseClaim): Promise<Reply<LeaseAnswer>> {
  return reply(() => publication.acquireLease({ ...claim, target: telling(claim.target) }))
}

/** What is seen of the lease of each target; undefined where its volume fails. */
export function lookAtLeases({
  targets,
  self,
}: Pick<LeaseClaim, 'self'> & { targets: readonly Target[] }): Promise<
  Reply<(LeaseSight | undefined)[]>
> {
  return reply(() => targets.map((target) => sightIfAny(target, self)))
}

function sightIfAny(target: Target, self: LeaseClaim['self']): LeaseSight | undefined {
  try {
    return publication.lookAtLease(target, self)
  } catch {
    // It is told of by the instance that works there.
    return undefined
  }
}

/** Gives a lease back. */
export function releaseLease(lease: Lease): Promise<Reply<void>> {
  return reply(() => publication.releaseLease(lease))
}

/** A target of work that may be given up. */
function working(target: Target, checkpoint: () => void): Target {
  return { ...telling(target), patience: blockingWait(checkpoint) }
}

/** State that is not believed is told of at once, whatever becomes of the job. */
function telling(target: Target): Target {
  return { ...target, onSetAside: (found) => parentPort?.postMessage(found) }
}

/** Throws when a job is to be given up. */
function checkpointOf({ lease }: Target, stop: StopFlag): () => void {
  const guardLease = leaseGuard(lease)
  return () => {
    if (isStopped(stop)) throw stopped()
    guardLease()
  }
}
