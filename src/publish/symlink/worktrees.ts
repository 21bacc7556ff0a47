// Publishes by symlink: each commit has a worktree named by its oid, and the link is
// swapped in one step, so that a reader sees one commit whole or another whole.
import path from 'node:path'
import { SyncError } from '../../base/errors.js'
import type { Oid } from '../../git/oid.js'
import { isOid } from '../../git/oid.js'
import { toBytePath } from '../../volume/byte-path.js'
import { flush } from '../../volume/durable.js'
import { NO_SYMLINK, tolerating } from '../../volume/errnos.js'
import { exists, readLinkUnless, removeFile, rename, symlink } from '../../volume/files.js'
import { type Place, verify } from '../directory/record.js'
import { Draft, type Publication, type Target } from '../directory/update.js'
import { assertLease } from '../lease/lease.js'
import { createStandby, distrustStandby, promote, type Standby, takeStandby } from './standby.js'
import { retiredMarkOf, type WorktreePlace, worktreeOf } from './worktree-place.js'

export interface WorktreeOptions {
  /** Makes way for the link. @default nothing is in its way */
  beforeSwap?: () => void
  /** What {@link takeStandby} returned, if it was called. */
  standby?: Standby | undefined
}

/**
 * Starts to publish a commit by swapping the link. Where there is a standby, only what changed
 * is written to it; it becomes the commit's worktree.
 */
export function beginWorktree(
  place: WorktreePlace,
  target: Target,
  checkpoint: () => void,
  options: WorktreeOptions = {},
): Publication {
  const worktree = worktreeOf(place, target.commit)
  // One that was left from earlier may have lost files since.
  const left = verify(worktree)
  const isLeft = left !== undefined || exists(worktree.root)
  if (isLeft && !left?.isTrusted) distrustStandby(place)
  const standby = isLeft
    ? undefined
    : (options.standby ?? takeStandby(place) ?? cloneLinked(place, checkpoint))
  const draft = standby
    ? new Draft(growing(standby, worktree), target, checkpoint, standby.known)
    : new Draft(worktree, target, checkpoint)
  return {
    offer: (oid, blob) => distrustWhereBlocked(place, () => draft.offer(oid, blob)),
    abandon: () => draft.abandon(),
    finish() {
      const staged = stageLink(place, target.commit, () => draft.abandon())
      const finish = () => distrustWhereBlocked(place, () => draft.finish())
      const published = orRemove(staged, finish)
      assertLease(place.lease)
      if (standby) promote(standby.place, worktree)
      removeFile(retiredMarkOf(place, target.commit))
      if (staged !== undefined) swapLink(place, staged, options.beforeSwap)
      return published
    },
  }
}

/** The commit whose worktree the link shows; undefined where it shows anything else. */
export function linkedCommit({ link, worktrees }: WorktreePlace): Oid | undefined {
  const target = readLinkIfAny(link)
  if (target === undefined) return undefined
  const resolved = path.resolve(path.dirname(link), target)
  const oid = path.basename(resolved)
  return path.dirname(resolved) === worktrees && isOid(oid) ? oid : undefined
}

/** A standby made on the spot, of the worktree in use. */
function cloneLinked(place: WorktreePlace, checkpoint: () => void): Standby | undefined {
  const linked = linkedCommit(place)
  if (linked === undefined) return undefined
  createStandby(place, linked, checkpoint)
  return takeStandby(place)
}

/** A standby while it turns into another worktree. */
function growing({ place }: Standby, worktree: Place): Place {
  return { ...place, finalRoot: worktree.root }
}

/** Nobody sees the standby, so what stands in the way there must not be in the way twice. */
function distrustWhereBlocked<T>(place: WorktreePlace, stage: () => T): T {
  try {
    return stage()
  } catch (error) {
    if (error instanceof SyncError && error.code === 'path-blocked') distrustStandby(place)
    throw error
  }
}

/**
 * Makes the next link, which is relative, so that the volume may be mounted elsewhere under
 * another path. Returns where it is staged; undefined where it is in place already.
 */
function stageLink(
  { link, worktrees }: WorktreePlace,
  commit: Oid,
  abandon: () => void,
): string | undefined {
  const target = path.join(path.relative(path.dirname(link), worktrees), commit)
  if (readLinkIfAny(link) === target) return undefined
  const staged = path.join(worktrees, `${commit}.link`)
  try {
    removeFile(staged)
    if (tolerating(NO_SYMLINK, () => symlink(target, staged))) return staged
  } catch (error) {
    abandon()
    throw error
  }
  abandon()
  throw new SyncError(
    'volume-unsupported',
    `The volume of ${link} has no symlinks, as publish mode symlink needs; set publish to in-place for this entry`,
  )
}

/** Where the worktree fails, its link is not needed. */
function orRemove<T>(staged: string | undefined, work: () => T): T {
  try {
    return work()
  } catch (error) {
    try {
      if (staged !== undefined) removeFile(staged)
    } catch {
      // What went wrong first is what counts; tidying removes what is left.
    }
    throw error
  }
}

/** In one step, once nothing is in the way: until then, what is there stays. */
function swapLink(
  { link, lease }: WorktreePlace,
  staged: string,
  makeWay: WorktreeOptions['beforeSwap'] = () => undefined,
): void {
  assertLease(lease)
  makeWay()
  rename(staged, link)
  flush(toBytePath(path.dirname(link)))
}

function readLinkIfAny(link: string): string | undefined {
  // Nothing is there, or no symlink: either way no commit is linked.
  return readLinkUnless(['ENOENT', 'ENOTDIR', 'EINVAL'], link)
}
