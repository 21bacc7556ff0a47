// Sets the time of a file, and makes it where it is missing: a sign for those who watch it.
import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { abortable } from '../base/abortable.js'
import type { Clock } from '../base/clock.js'
import { errnoOf } from '../base/errno.js'
import { SyncError } from '../base/errors.js'
import type { TouchHook } from '../listing/hook.js'
import { stopped } from '../thread/stop.js'

/** Neither a link is followed nor a pipe waited for. */
const FLAGS =
  constants.O_WRONLY |
  constants.O_CREAT |
  constants.O_NOFOLLOW |
  constants.O_NONBLOCK |
  constants.O_NOCTTY

/** Touches the file of a hook. Throws `hook-failed`, also where its volume does not answer in time. */
export async function touchInTime(
  { file, timeoutMs }: Pick<TouchHook, 'file' | 'timeoutMs'>,
  clock: Pick<Clock, 'schedule' | 'wallTime'>,
  signal: AbortSignal,
): Promise<void> {
  const limit = new AbortController()
  const late = unfit(file, `its volume did not answer for ${timeoutMs / 1000} s`)
  const timer = clock.schedule(timeoutMs, () => limit.abort(late))
  try {
    const limited = AbortSignal.any([signal, limit.signal])
    await abortable(touchFile(file, clock.wallTime()), limited)
  } catch (error) {
    throw signal.aborted ? stopped(signal.reason) : error
  } finally {
    timer.cancel()
  }
}

/** Touches `file`, at `nowMs` since the epoch. Throws `hook-failed`. */
export async function touchFile(file: string, nowMs: number): Promise<void> {
  try {
    const handle = await open(file, FLAGS, 0o644)
    try {
      if (!(await handle.stat()).isFile()) throw unfit(file, 'it is no regular file')
      await handle.utimes(nowMs / 1000, nowMs / 1000)
    } finally {
      await handle.close()
    }
  } catch (error) {
    if (error instanceof SyncError) throw error
    const reason = { ELOOP: 'it is a symlink', ENXIO: 'it is a pipe' }[errnoOf(error)]
    throw unfit(file, reason ?? (errnoOf(error) || String(error)))
  }
}

function unfit(file: string, reason: string): SyncError {
  return new SyncError(
    'hook-failed',
    `${file} cannot be touched (${reason}): name a file in a directory that this user may write`,
  )
}
