// Publishes by symlink: each commit has a worktree named by its oid, and the link is
// swapped in one step, so that a reader sees one commit whole or another whole.
import path from 'node:path'
import { SyncError } from '../../base/errors.js'
import type { Oid } from '../../git/oid.js'
import { toBytePath } from '../../volume/byte-path.js'
import { flush } from '../../volume/durable.js'
import { NO_SYMLINK, tolerating } from '../../volume/errnos.js'
import { exists, removeFile, rename, symlink } from '../../volume/files.js'
import type { RecordedDirectory } from '../drift/published-tree.js'
import { assertLease } from '../lease/lease.js'
import type { CommitSource, Publication } from '../publisher.js'
import {
  type DirectoryLayout,
  type LinkLayout,
  linkedCommit,
  readLinkIfAny,
  retiredMarkOf,
  worktreeLayout,
} from '../target.js'
import { verify } from '../update/record.js'
import { DirectoryUpdate } from '../update/update.js'
import { createStandby, promote, recheckStandby, takeStandby } from './standby.js'

/** What a worktree may need on its way. */
export interface WorktreeOptions {
  /** Makes way for the link. @default nothing is in its way */
  beforeSwap?: () => void
  /** What {@link takeStandby} returned, if it was called. */
  standby?: RecordedDirectory | undefined
}

/**
 * Starts to publish a commit by swapping the link. Where there is a standby, only what changed
 * is written to it; it becomes the commit's worktree.
 */
export function beginWorktree(
  links: LinkLayout,
  source: CommitSource,
  checkpoint: () => void,
  options: WorktreeOptions = {},
): Publication {
  const worktree = worktreeLayout(links, source.commit)
  // One that was left from earlier may have lost files since.
  const left = verify(worktree)
  const isLeft = left !== undefined || exists(worktree.root)
  if (isLeft && !left?.isTrusted) recheckStandby(links)
  const standby = isLeft
    ? undefined
    : (options.standby ?? takeStandby(links) ?? cloneLinked(links, checkpoint))
  const update = standby
    ? new DirectoryUpdate(growing(standby, worktree), source, checkpoint, standby.record)
    : new DirectoryUpdate(worktree, source, checkpoint)
  return {
    offer: (oid, blob) => recheckWhereBlocked(links, () => update.offer(oid, blob)),
    abandon: () => update.abandon(),
    finish() {
      const staged = stageLink(links, source.commit, () => update.abandon())
      const finish = () => recheckWhereBlocked(links, () => update.finish())
      const published = orRemove(staged, finish)
      assertLease(links.lease)
      if (standby) promote(standby.layout, worktree)
      removeFile(retiredMarkOf(links, source.commit))
      if (staged !== undefined) swapLink(links, staged, options.beforeSwap)
      return published
    },
  }
}

/** A standby made on the spot, of the worktree in use. */
function cloneLinked(links: LinkLayout, checkpoint: () => void): RecordedDirectory | undefined {
  const linked = linkedCommit(links)
  if (linked === undefined) return undefined
  createStandby(links, linked, checkpoint)
  return takeStandby(links)
}

/** A standby while it turns into another worktree. */
function growing({ layout }: RecordedDirectory, worktree: DirectoryLayout): DirectoryLayout {
  return { ...layout, finalRoot: worktree.root }
}

/** Nobody sees the standby, so what stands in the way there must not be in the way twice. */
function recheckWhereBlocked<T>(links: LinkLayout, stage: () => T): T {
  try {
    return stage()
  } catch (error) {
    if (error instanceof SyncError && error.code === 'path-blocked') recheckStandby(links)
    throw error
  }
}

/**
 * Makes the next link, which is relative, so that the volume may be mounted elsewhere under
 * another path. Returns where it is staged; undefined where it is in place already.
 */
function stageLink(
  { link, worktrees }: LinkLayout,
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
  { link, lease }: LinkLayout,
  staged: string,
  makeWay: WorktreeOptions['beforeSwap'] = () => undefined,
): void {
  assertLease(lease)
  makeWay()
  rename(staged, link)
  flush(toBytePath(path.dirname(link)))
}
