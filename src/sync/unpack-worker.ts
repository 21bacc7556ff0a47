// What runs in a worker thread: all work on published files, with synchronous calls, so
// that the main thread's event loop is never blocked.
import type { MessagePort } from 'node:worker_threads'
import { SyncError } from '../base/errors.js'
import { receiveChunks } from '../base/port-stream.js'
import type { Oid } from '../git/oid.js'
import type { Site } from '../publish/publication.js'
import * as publication from '../publish/publication.js'
import { type Answer, answer } from './answer.js'
import { type Unpacked, type UnpackOptions, unpack } from './unpacking.js'

/** Not zero once the job is to be given up. */
export type StopFlag = Int32Array

export interface PublishJob extends Omit<UnpackOptions, 'checkpoint'> {
  /** The pack arrives here, as `sendChunks` sends it. */
  port: MessagePort
  stop: StopFlag
}

export interface TidyJob {
  site: Site
  graceMs: number
  stop: StopFlag
}

/** The commit that is in place at a site, if it is whole. */
export function inspect(site: Site): Promise<Answer<Oid | undefined>> {
  return answer(() => publication.inspect(site))
}

/** Removes what was published at a site. */
export function unpublish(site: Site): Promise<Answer<void>> {
  return answer(() => publication.unpublish(site))
}

/** Removes what is not needed beside a published tree; the milliseconds until more is to be done. */
export function tidy({ site, graceMs, stop }: TidyJob): Promise<Answer<number | undefined>> {
  const options = { graceMs, now: Date.now(), checkpoint: () => checkpoint(stop) }
  return answer(() => publication.tidy(site, options))
}

/** Receives a pack and publishes the commit it was asked for. */
export function publish({ port, stop, ...options }: PublishJob): Promise<Answer<Unpacked>> {
  return answer(() =>
    unpack(receiveChunks(port), { ...options, checkpoint: () => checkpoint(stop) }),
  )
}

function checkpoint(stop: StopFlag): void {
  if (Atomics.load(stop, 0) === 0) return
  throw new SyncError('aborted', 'The sync was stopped before anything was published')
}
