// The directories of this service are directories: whatever else stands in their place was
// put there by others, and nothing is read, written or removed through it, nor outside ROOT.
import path from 'node:path'
import { SyncError } from '../base/errors.js'
import { isWithin } from '../base/paths.js'
import { toBytePath } from '../volume/byte-path.js'
import { realDirectorySync } from '../volume/real-path.js'
import { statIfPresent } from '../volume/volume.js'
import { setForeignStateAside } from './foreign-state.js'
import { asideOf, linkLayout, ownDirectory } from './layout.js'
import { assertLease } from './lease/lease.js'
import type { Target } from './target.js'

/**
 * Throws `path-blocked` where a symlink or a file stands in place of a directory of this service,
 * or where a symlink above leads out of ROOT; `lease-lost` where they are another instance's now.
 */
export function assertOwnDirectories(target: Target): void {
  assertLease(target.lease)
  assertInRoot(target)
  for (const directory of ownDirectoriesOf(target)) {
    const stat = statIfPresent(toBytePath(directory))
    if (stat && !stat.isDirectory()) throw notOurs(directory, stat.isSymbolicLink())
  }
  setForeignStateAside(target)
}

/** Symlinks come and go after the listing was read. */
function assertInRoot({ directory, root }: Target): void {
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
function* ownDirectoriesOf(target: Target): Generator<string> {
  const { worktrees } = linkLayout(target)
  const aside = asideOf(linkLayout(target))
  yield path.dirname(worktrees)
  yield worktrees
  yield path.join(worktrees, 'incoming')
  yield aside
  yield ownDirectory(aside)
  // Not behind a published symlink: what lies there is a worktree's content.
  if (!statIfPresent(toBytePath(target.directory))?.isDirectory()) return
  const own = ownDirectory(target.directory)
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
