// The directories of this service are directories: whatever else stands in their place was
// put there by others, and nothing is read, written or removed through it, nor outside ROOT.
import path from 'node:path'
import { SyncError } from '../base/errors.js'
import { isWithin } from '../base/paths.js'
import { realDirectorySync } from '../base/real-path.js'
import { toBytePath } from '../volume/byte-path.js'
import { statIfPresent } from '../volume/volume.js'
import { assertLease } from './lease/lease.js'
import { asideOf, ownDirectory, type Site, worktreePlace } from './target.js'

/**
 * Throws `path-blocked` where a symlink or a file stands in place of a directory of this service,
 * or where a symlink above leads out of ROOT; `lease-lost` where they are another instance's now.
 */
export function assertOwnDirectories(site: Site): void {
  assertLease(site.lease)
  assertInRoot(site)
  for (const directory of ownDirectoriesOf(site)) {
    const stat = statIfPresent(toBytePath(directory))
    if (stat && !stat.isDirectory()) throw notOurs(directory, stat.isSymbolicLink())
  }
}

/** Symlinks come and go after the listing was read. */
function assertInRoot({ directory, root }: Site): void {
  if (root === undefined) return
  const parent = realDirectorySync(path.dirname(directory))
  const place = path.join(parent, path.basename(directory))
  if (isWithin(realDirectorySync(root), place)) return
  throw new SyncError(
    'path-blocked',
    `${directory} leads to ${place} through a symlink, outside ROOT (${root}); remove the symlink, then the sync goes on by itself`,
  )
}

/** Each before what lies in it. */
function* ownDirectoriesOf(site: Site): Generator<string> {
  const { worktrees } = worktreePlace(site)
  const aside = asideOf(worktreePlace(site))
  yield path.dirname(worktrees)
  yield worktrees
  yield path.join(worktrees, 'incoming')
  yield aside
  yield ownDirectory(aside)
  // Not behind a published symlink: what lies there is a worktree's content.
  if (!statIfPresent(toBytePath(site.directory))?.isDirectory()) return
  const own = ownDirectory(site.directory)
  yield own
  yield path.join(own, 'staging')
  yield path.join(own, 'incoming')
}

function notOurs(directory: string, isLink: boolean): SyncError {
  return new SyncError(
    'path-blocked',
    `${directory} is a ${isLink ? 'symlink' : 'file'}, where this service keeps a directory of its own; remove it, then the sync goes on by itself`,
  )
}
