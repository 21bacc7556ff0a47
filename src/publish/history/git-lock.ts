// Git's locks: whoever writes a file of a repository has made one of that name and `.lock` before, which
// nobody else could. A git at work is waited for; what one left that was killed is removed once it is
// old and in the way, and what this service left, at once. A git that only slept takes what is there by
// then for its own lock, and moves it: that is noticed, and the sync starts again.
import path from 'node:path'
import { errnoOf } from '../../base/errno.js'
import { SyncError } from '../../base/errors.js'
import { type BlockingWait, blockingWait } from '../../thread/blocking-wait.js'
import { displayPath } from '../../volume/byte-path.js'
import { NO_LINK, readUnless, tolerating, UNREADABLE } from '../../volume/errnos.js'
import type { Volume } from '../../volume/volume.js'

const LOCK = '.lock'
/** What is in a lock of this service, and the file of a repository that each is a link to. */
const OWN = 'git-autosync\n'
const TOKEN = 'git-autosync.held'
/** Whoever holds one for so long was killed, or waits for somebody to write a message. */
const ABANDONED_MS = 10_000
const POLL_MS = 20
/** So often one after the other may have it first: then the sync starts again. */
const MAX_POLLS = 1000
/** How deep names of refs are followed. */
const MAX_DEPTH = 32

/** The files of a repository. */
export interface RepositoryFiles {
  volume: Volume
  repository: string
  /** @default {@link ENDLESS} */
  patience?: BlockingWait | undefined
}

/** Of what nobody gives up. */
const ENDLESS = blockingWait(() => undefined)

/**
 * Works on a file that git may be writing, too. Throws `repository-locked` where it always is, and what
 * ends the patience of who waits.
 */
export function withLock<T>(place: RepositoryFiles, file: string, work: () => T): T {
  const { patience = ENDLESS, volume } = place
  const lock = `${file}${LOCK}`
  for (let polls = 0; !take(place, lock); polls++) {
    if (polls === MAX_POLLS) throw locked(lock)
    if (!breakLock(volume, lock, patience.now())) patience.pause(POLL_MS)
  }
  const own = volume.stat(lock)
  const isHeld = () => {
    const stat = volume.stat(lock)
    return !!stat && stat.ino === own?.ino && stat.dev === own.dev
  }
  try {
    const result = work()
    if (!isHeld()) throw lost(lock)
    return result
  } finally {
    if (isHeld()) volume.removeFile(lock)
  }
}

/** Removes the locks in a directory of a repository, and of the refs below it, that this service left. */
export function breakLocks({ repository, volume }: RepositoryFiles, directory = repository): void {
  const look = (below: string, depth: number) => {
    for (const entry of readUnless(UNREADABLE, () => volume.entries(below)) ?? []) {
      const at = path.join(below, entry.name)
      if (entry.name.endsWith(LOCK)) {
        if (isOwn(volume, at)) volume.removeFile(at)
      } else if (depth < MAX_DEPTH && entry.isDirectory() && (depth > 0 || entry.name === 'refs')) {
        look(at, depth + 1)
      }
    }
  }
  look(directory, 0)
}

/** Returns whether it is there no more. */
function breakLock(volume: Volume, lock: string, now: number): boolean {
  const stat = volume.stat(lock)
  if (!stat) return true
  // A time to come is that of a clock that cannot tell.
  if (!isOwn(volume, lock) && Math.abs(now - stat.mtimeMs) <= ABANDONED_MS) return false
  volume.removeFile(lock)
  return true
}

function isOwn(volume: Volume, lock: string): boolean {
  const content = readUnless([...UNREADABLE, 'EFBIG'], () => volume.readFile(lock, OWN.length))
  return content?.toString('latin1') === OWN
}

/** Returns whether nobody else had it. By a link it is whole at once, whenever this is killed. */
function take({ repository, volume }: RepositoryFiles, lock: string): boolean {
  const token = path.join(repository, TOKEN)
  if (!volume.stat(token)) volume.replaceFile(token, OWN)
  try {
    return tolerating(['EEXIST'], () => volume.link(token, lock))
  } catch (error) {
    if (!NO_LINK.includes(errnoOf(error))) throw error
    return tolerating(['EEXIST'], () => volume.writeNew(lock, 0o666, [Buffer.from(OWN)]))
  }
}

function locked(lock: string): SyncError {
  return new SyncError(
    'repository-locked',
    `${displayPath(lock)} is there again and again, as git works in the repository; the sync starts again once that is over`,
  )
}

function lost(lock: string): SyncError {
  return new SyncError(
    'repository-locked',
    `${displayPath(lock)} was taken by git, or removed, while it was held; the sync starts again`,
  )
}
