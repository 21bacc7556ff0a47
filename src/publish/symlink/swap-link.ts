// The link that readers follow: the next one is staged, and takes the place of the last in one step.
import path from 'node:path'
import { SyncError } from '../../base/errors.js'
import { displayPath } from '../../volume/byte-path.js'
import { NO_SYMLINK, tolerating } from '../../volume/errnos.js'
import { assertLease } from '../lease/lease.js'
import { type LinkLayout, readLinkIfAny } from '../target.js'

/**
 * Makes the link to the worktree `name`, which is relative, so that the volume may be mounted elsewhere
 * under another path. Returns where it is staged; undefined where it is in place already. Throws
 * `volume-unsupported` where the volume has no symlinks.
 */
export function stageLink(links: LinkLayout, name: string): string | undefined {
  const { link, linkStaging, volume, worktrees } = links
  const target = path.join(path.relative(path.dirname(link), worktrees), name)
  if (readLinkIfAny(links) === target) return undefined
  const staged = path.join(linkStaging, `${name}.link`)
  volume.ensureDirectory(linkStaging)
  volume.removeFile(staged)
  const make = () => volume.symlink(Buffer.from(target, 'latin1'), staged)
  if (!tolerating(NO_SYMLINK, make)) throw noSymlinks(link)
  return staged
}

/** In one step, once `swapping` has made way for it: until then, what is there stays. */
export function swapLink(
  { lease, link, volume }: LinkLayout,
  staged: string,
  swapping: (swap: () => void) => void,
): void {
  assertLease(lease)
  swapping(() => volume.rename(staged, link))
  volume.flushDirectory(path.dirname(link))
}

/** What versions of git-sync before 4 had the link lead to, right in the root that they were given. */
export function earlierWorktree(links: LinkLayout): string | undefined {
  const { link, workshop, worktrees } = links
  if (worktrees === workshop) return undefined
  const root = path.dirname(worktrees)
  const shown = path.resolve(path.dirname(link), readLinkIfAny(links) ?? '')
  const isOne = /^(?:rev-)?[0-9a-f]{40}$/.test(path.basename(shown))
  return isOne && path.dirname(shown) === root && shown !== link ? shown : undefined
}

function noSymlinks(link: string): SyncError {
  return new SyncError(
    'volume-unsupported',
    `The volume of ${displayPath(link)} has no symlinks, as publish mode symlink needs; set publish to in-place for this entry`,
  )
}
