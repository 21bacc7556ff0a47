// From a directory to a symlink and back, and to either from what others put in place of
// what was published: the new one is built whole first, so that the path is missing for no
// longer than one rename takes.
import { errnoOf } from '../../base/errno.js'
import { SyncError } from '../../base/errors.js'
import { OWN_DIRECTORY } from '../../base/own-directory.js'
import { displayPath, toBytePath } from '../../volume/byte-path.js'
import { MOUNTED } from '../../volume/errnos.js'
import { exists, removeAll, rename, statusOf, unlink } from '../../volume/files.js'
import { mountPointsBelow } from '../../volume/mount-points.js'
import { listTree } from '../../volume/volume.js'
import { openCheckout } from '../adopt/foreign-clone.js'
import { forget, recover } from '../directory/record.js'
import { Draft, type Publication, type Target } from '../directory/update.js'
import { assertLease } from '../lease/lease.js'
import { filesOf } from '../snapshot/comparison.js'
import { asideOf, inPlace, type Site, worktreePlace } from '../target.js'
import { beginWorktree, linkedCommit } from './worktrees.js'

/** Throws `path-blocked` where a file or a symlink of others stands at the published path. */
export function assertReplaceable(site: Site): void {
  const existing = statusOf(site.directory)
  if (site.wasPublished || !existing || existing.isDirectory()) return
  if (!existing.isSymbolicLink()) throw blocked(site, 'is a file')
  if (site.mode === 'symlink' || linkedCommit(worktreePlace(site))) return
  throw blocked(site, 'is a symlink that this service did not make')
}

/** From a symlink or a file to a directory: it is built beside it, then takes its place. */
export function replaceLink(site: Site, target: Target, checkpoint: () => void): Publication {
  const root = asideOf(worktreePlace(site))
  const place = inPlace(site, root)
  forget(place)
  removeAll(root)
  const draft = new Draft(place, target, checkpoint)
  return {
    offer: (oid, blob) => draft.offer(oid, blob),
    abandon: () => draft.abandon(),
    finish() {
      const published = draft.finish()
      assertLease(site.lease)
      return puttingBack(site, () => {
        unlink(site.directory)
        rename(root, site.directory)
        return published
      })
    },
  }
}

/** From a directory to a symlink: the worktree is built first, then the directory makes way. */
export function replaceDirectory(site: Site, target: Target, checkpoint: () => void): Publication {
  assertOwn(site)
  const worktree = worktreePlace(site)
  const beforeSwap = () => {
    // It may have taken a while to get here.
    assertOwn(site)
    removeAll(asideOf(worktree))
    assertLease(site.lease)
    moveAside(site, asideOf(worktree))
  }
  const publication = beginWorktree(worktree, target, checkpoint, { beforeSwap })
  return { ...publication, finish: () => puttingBack(site, () => publication.finish()) }
}

/** Where nothing took the place of what made way, it returns at once. */
function puttingBack<T>(site: Site, change: () => T): T {
  try {
    return change()
  } catch (error) {
    try {
      putBack(site)
    } catch {
      // What went wrong first is what counts; the next look puts it back.
    }
    throw error
  }
}

/** Undoes half a change from one mode to the other: what made way for it returns. */
export function putBack(site: Site): void {
  if (statusOf(site.directory)) return
  const aside = asideOf(worktreePlace(site))
  if (exists(aside)) rename(aside, site.directory)
}

/** Whether what was published in the other mode is still what readers see. */
export function isOfOtherMode({ directory, mode }: Site): boolean {
  const existing = statusOf(directory)
  return existing !== undefined && existing.isSymbolicLink() !== (mode === 'symlink')
}

/** Throws `path-blocked` where a directory may not go, as others put files into it. */
function assertOwn(site: Site): void {
  const isMountPoint = mountPointsBelow(site.directory)
  if (isMountPoint('')) throw mounted(site)
  const known = recover(inPlace(site))
  const checkout = known ? undefined : openCheckout(site.directory)
  const isRepositoryOwn = checkout?.isPlainClone ?? false
  const own = new Set(known && filesOf(known.snapshot).map((file) => file.path))
  const foreign = listTree(toBytePath(site.directory)).find(({ isDirectory, path }) => {
    if (isDirectory) return isMountPoint(path)
    if (site.clean || own.has(path) || path.startsWith(`${OWN_DIRECTORY}/`)) return false
    return !(path.startsWith('.git/') ? isRepositoryOwn : checkout?.isUnmodified(path))
  })
  if (!foreign) return
  const what = 'is a directory with files that this service did not write'
  throw blocked(site, `${what} (${displayPath(foreign.path)})`)
}

function moveAside(site: Site, aside: string): void {
  try {
    rename(site.directory, aside)
  } catch (error) {
    if (!MOUNTED.includes(errnoOf(error))) throw error
    throw mounted(site)
  }
}

function mounted({ directory }: Site): SyncError {
  return new SyncError(
    'path-blocked',
    `${directory} is a mount point, which no symlink can replace; set publish to in-place for this entry, or its path to one below`,
  )
}

function blocked({ directory }: Site, what: string): SyncError {
  return new SyncError(
    'path-blocked',
    `${directory} ${what}; move it away, then the sync goes on by itself`,
  )
}
