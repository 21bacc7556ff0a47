// Publishes by symlink: each commit has a worktree named by its oid, and the link is
// swapped in one step, so that a reader sees one commit whole or another whole.
import path from 'node:path'
import { SyncError } from '../../base/errors.js'
import { displayPath } from '../../volume/byte-path.js'
import { NO_SYMLINK, NOT_REMOVABLE, tolerating } from '../../volume/errnos.js'
import { settleShown } from '../history/directory.js'
import { assertLease } from '../lease/lease.js'
import type { CommitSource, Publication, Published } from '../publisher.js'
import { type PublishedRecord, readSnapshot } from '../snapshot/store.js'
import {
  type LinkLayout,
  linkedWorktree,
  otherWorktreeName,
  readLinkIfAny,
  worktreeLayout,
} from '../target.js'
import { recover, verify } from '../update/record.js'
import { DirectoryUpdate } from '../update/update.js'
import { nameLink, worktreesOfOthers } from './other-links.js'
import { goOutOfUse } from './out-of-use.js'
import { recheckSharing } from './recheck.js'
import { sparesOf } from './spares.js'
import {
  growingStandby,
  prepareStandby,
  promoteStandby,
  recheckStandby,
  takeStandby,
} from './standby.js'

/** What a worktree may need on its way. */
export interface WorktreeOptions {
  /** Makes way for the link. @default nothing is in its way */
  beforeSwap?: () => void
  /**
   * The worktree that inspections look at: what of it is not as it was published is told already,
   * and what others change from then on is left to the next look, which tells it.
   * @default none
   */
  inspected?: string | undefined
  /** What {@link takeStandby} returned, if it was called. */
  standby?: PublishedRecord | undefined
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
  links.volume.ensureDirectory(links.worktrees)
  nameLink(links)
  const name = nameOf(links, source)
  const worktree = worktreeLayout(links, name)
  // One that was left from earlier may have lost files since.
  const left = name === options.inspected ? recover(worktree) : verify(worktree)
  if (!left && name !== options.inspected) removeGarbage(links, name)
  const isLeft = left !== undefined || links.volume.stat(worktree.root) !== undefined
  if (isLeft && !left?.isTrusted) recheckSharing(links, [name, linkedWorktree(links)])
  const standby = isLeft
    ? undefined
    : (options.standby ?? takeStandby(links) ?? standbyOfLinked(links, checkpoint))
  const update = standby
    ? new DirectoryUpdate(growingStandby(links, worktree), source, checkpoint, { record: standby })
    : new DirectoryUpdate(worktree, source, checkpoint)
  /** Where the worktree stands whole: where its link is staged, unless that is in place already. */
  let built: { staged: string | undefined; published: Published } | undefined
  let isInUse = false
  const build = (staged: string | undefined) => {
    const finish = () => recheckWhereBlocked(links, () => update.finish())
    const published = orRemove(links, staged, finish)
    assertLease(links.lease)
    if (standby) promoteStandby(links, worktree)
    built = { staged, published }
    return built
  }
  const stage = () => stageLink(links, name, () => update.abandon())
  return {
    offer: (oid, object) => recheckWhereBlocked(links, () => update.offer(oid, object)),
    find: (oid) => update.find(oid),
    pending: () => update.pending(),
    lfsFiles: () => update.lfsFiles(),
    repository: () => worktree.repository,
    ready() {
      const staged = stage()
      const ready = orRemove(links, staged, () => recheckWhereBlocked(links, () => update.ready()))
      // What readers see already is not touched yet.
      if (staged === undefined) return ready
      build(staged)
      return { ...ready, worktree: displayPath(worktree.root) }
    },
    abandon() {
      if (!built || isInUse) update.abandon()
      // One that was left from earlier may have readers still.
      else if (isLeft) tryToRemove(links, [built.staged])
      else tryToRemove(links, [built.staged, worktree.stateDirectory, worktree.root])
    },
    finish() {
      const { staged, published } = built ?? build(stage())
      isInUse = true
      const last = linkedWorktree(links)
      if (last !== undefined && last !== name) goOutOfUse(links, last, Date.now())
      const earlier = earlierWorktree(links)
      if (staged !== undefined) swapLink(links, staged, options.beforeSwap)
      if (update.snapshot) settleShown(worktree, update.snapshot)
      if (earlier !== undefined) links.volume.removeAll(earlier)
      return published
    },
  }
}

/** What has the name of a worktree, and is none of this link nor of another one of the root. */
function removeGarbage(links: LinkLayout, name: string): void {
  const { volume, workshop, worktrees } = links
  if (worktrees === workshop || worktreesOfOthers(links).has(name)) return
  volume.removeAll(path.join(worktrees, name))
}

/** Tidying removes what is left. */
function tryToRemove({ lease, volume }: LinkLayout, paths: (string | undefined)[]): void {
  try {
    assertLease(lease)
    for (const each of paths) if (each !== undefined) volume.removeAll(each)
  } catch {
    // Why it was given up is what counts.
  }
}

/** The name is the commit's, where that has not another selection of the commit already. */
function nameOf(links: LinkLayout, { commit, origin }: CommitSource): string {
  const there = readSnapshot(worktreeLayout(links, commit))
  const isOther = there && there.origin?.selection !== origin?.selection
  return isOther ? otherWorktreeName(commit, origin?.selection) : commit
}

/**
 * A standby made on the spot: the next commit was there before it was tidied. None where what would
 * become it cannot be changed: then the worktree is written whole, and tidying tells of it.
 */
function standbyOfLinked(links: LinkLayout, checkpoint: () => void): PublishedRecord | undefined {
  const linked = linkedWorktree(links)
  if (linked === undefined) return undefined
  const prepare = () => prepareStandby(links, linked, sparesOf(links), checkpoint)
  if (!tolerating(NOT_REMOVABLE, prepare)) return undefined
  const standby = takeStandby(links)
  if (!standby) recheckSharing(links, [linked])
  return standby
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
function stageLink(links: LinkLayout, name: string, abandon: () => void): string | undefined {
  const { link, linkStaging, volume, worktrees } = links
  const target = path.join(path.relative(path.dirname(link), worktrees), name)
  if (readLinkIfAny(links) === target) return undefined
  const staged = path.join(linkStaging, `${name}.link`)
  try {
    volume.ensureDirectory(linkStaging)
    volume.removeFile(staged)
    const make = () => volume.symlink(Buffer.from(target, 'latin1'), staged)
    if (tolerating(NO_SYMLINK, make)) return staged
  } catch (error) {
    abandon()
    throw error
  }
  abandon()
  throw new SyncError(
    'volume-unsupported',
    `The volume of ${displayPath(link)} has no symlinks, as publish mode symlink needs; set publish to in-place for this entry`,
  )
}

/** Where the worktree fails, its link is not needed. */
function orRemove<T>({ volume }: LinkLayout, staged: string | undefined, work: () => T): T {
  try {
    return work()
  } catch (error) {
    try {
      if (staged !== undefined) volume.removeFile(staged)
    } catch {
      // What went wrong first is what counts; tidying removes what is left.
    }
    throw error
  }
}

/** What versions of git-sync before 4 had the link lead to, right in the root that they were given. */
function earlierWorktree(links: LinkLayout): string | undefined {
  const { link, workshop, worktrees } = links
  if (worktrees === workshop) return undefined
  const root = path.dirname(worktrees)
  const shown = path.resolve(path.dirname(link), readLinkIfAny(links) ?? '')
  const isOne = /^(?:rev-)?[0-9a-f]{40}$/.test(path.basename(shown))
  return isOne && path.dirname(shown) === root && shown !== link ? shown : undefined
}

/** In one step, once nothing is in the way: until then, what is there stays. */
function swapLink(
  { link, lease, volume }: LinkLayout,
  staged: string,
  makeWay: WorktreeOptions['beforeSwap'] = () => undefined,
): void {
  assertLease(lease)
  makeWay()
  volume.rename(staged, link)
  volume.flushDirectory(path.dirname(link))
}
