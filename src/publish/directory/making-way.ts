// What may be replaced at a published path, and how what makes way returns where nothing took its
// place: the path is missing for no longer than one rename takes.
import { SyncError } from '../../base/errors.js'
import { exists, rename, statusOf } from '../../volume/files.js'
import { asideOf, linkLayout } from '../layout.js'
import type { Target } from '../target.js'

/**
 * Throws `path-blocked` where a file of others stands at the published path, or a symlink that
 * `isReplaceable` denies.
 */
export function assertReplaceable(target: Target, isReplaceable: () => boolean): void {
  const existing = statusOf(target.directory)
  if (target.wasPublished || !existing || existing.isDirectory()) return
  if (!existing.isSymbolicLink()) throw pathBlocked(target, 'is a file')
  if (isReplaceable()) return
  throw pathBlocked(target, 'is a symlink that this service did not make')
}

/** Runs a change for which something made way; where it fails, that is put back. */
export function puttingBack<T>(target: Target, change: () => T): T {
  try {
    return change()
  } catch (error) {
    try {
      putBack(target)
    } catch {
      // What went wrong first is what counts; the next look puts it back.
    }
    throw error
  }
}

/** Undoes half a change from one mode to the other: what made way for it returns. */
export function putBack(target: Target): void {
  if (statusOf(target.directory)) return
  const aside = asideOf(linkLayout(target))
  if (exists(aside)) rename(aside, target.directory)
}

/** What stands at the published path, and must be moved away. */
export function pathBlocked({ directory }: Target, what: string): SyncError {
  return new SyncError(
    'path-blocked',
    `${directory} ${what}; move it away, then the sync goes on by itself`,
  )
}
