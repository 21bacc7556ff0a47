// From a directory to a symlink: the worktree is built whole first, so that the path is missing for
// no longer than one rename takes.
import { errnoOf } from '../../base/errno.js'
import { SyncError } from '../../base/errors.js'
import { displayPath, toBytePath } from '../../volume/byte-path.js'
import { MOUNTED } from '../../volume/errnos.js'
import { removeAll, rename } from '../../volume/files.js'
import { mountPointsBelow } from '../../volume/mount-points.js'
import { OWN_DIRECTORY } from '../../volume/own-directory.js'
import { listTree } from '../../volume/volume.js'
import { openForeignClone } from '../adopt/foreign-clone.js'
import { pathBlocked, puttingBack } from '../directory/making-way.js'
import { recover } from '../directory/record.js'
import { asideOf, directoryLayout, linkLayout } from '../layout.js'
import { assertLease } from '../lease/lease.js'
import type { CommitSource, Publication } from '../publisher.js'
import type { Target } from '../target.js'
import { filesOf } from '../tree/tree-diff.js'
import { beginWorktree } from './worktrees.js'

/** From a directory to a symlink: the worktree is built first, then the directory makes way. */
export function replaceDirectory(
  target: Target,
  source: CommitSource,
  checkpoint: () => void,
): Publication {
  assertOwn(target)
  const links = linkLayout(target)
  const beforeSwap = () => {
    // It may have taken a while to get here.
    assertOwn(target)
    removeAll(asideOf(links))
    assertLease(target.lease)
    moveAside(target, asideOf(links))
  }
  const publication = beginWorktree(links, source, checkpoint, { beforeSwap })
  return { ...publication, finish: () => puttingBack(target, () => publication.finish()) }
}

/** Throws `path-blocked` where a directory may not go, as others put files into it. */
function assertOwn(target: Target): void {
  const isMountPoint = mountPointsBelow(target.directory)
  if (isMountPoint('')) throw mounted(target)
  const record = recover(directoryLayout(target))
  const clone = record ? undefined : openForeignClone(target.directory)
  const isRepositoryOwn = clone?.isPlainClone ?? false
  const own = new Set(record && filesOf(record.snapshot).map((file) => file.path))
  const foreign = listTree(toBytePath(target.directory)).find(({ isDirectory, path }) => {
    if (isDirectory) return isMountPoint(path)
    if (target.clean || own.has(path) || path.startsWith(`${OWN_DIRECTORY}/`)) return false
    return !(path.startsWith('.git/') ? isRepositoryOwn : clone?.isUnmodified(path))
  })
  if (!foreign) return
  const what = 'is a directory with files that this service did not write'
  throw pathBlocked(target, `${what} (${displayPath(foreign.path)})`)
}

function moveAside(target: Target, aside: string): void {
  try {
    rename(target.directory, aside)
  } catch (error) {
    if (!MOUNTED.includes(errnoOf(error))) throw error
    throw mounted(target)
  }
}

function mounted({ directory }: Target): SyncError {
  return new SyncError(
    'path-blocked',
    `${directory} is a mount point, which no symlink can replace; set publish to in-place for this entry, or its path to one below`,
  )
}
