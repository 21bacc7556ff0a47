// Sets the time of a file, and makes it where it is missing: a sign for those who watch it.
import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { errnoOf } from '../base/errno.js'
import { SyncError } from '../base/errors.js'

/** Neither a link is followed nor a pipe waited for. */
const FLAGS =
  constants.O_WRONLY |
  constants.O_CREAT |
  constants.O_NOFOLLOW |
  constants.O_NONBLOCK |
  constants.O_NOCTTY

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
