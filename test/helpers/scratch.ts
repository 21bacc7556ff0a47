// Where tests put what they write: in memory if there is room, since they write much and
// keep nothing.
import { accessSync, constants, mkdtempSync, realpathSync, statfsSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'

const SHARED_MEMORY = '/dev/shm'
const ENOUGH_BYTES = 2 ** 30

/** Makes a new directory and returns its real path; the caller removes it. */
export function makeScratchDirectory(): string {
  const parent = hasRoom(SHARED_MEMORY) ? SHARED_MEMORY : os.tmpdir()
  return realpathSync(mkdtempSync(path.join(parent, 'git-autosync-test-')))
}

function hasRoom(directory: string): boolean {
  try {
    accessSync(directory, constants.W_OK | constants.X_OK)
    const { bavail, bsize } = statfsSync(directory)
    return bavail * bsize >= ENOUGH_BYTES
  } catch {
    // Not on this system, or not for this user.
    return false
  }
}
