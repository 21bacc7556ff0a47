// Where the next commit of a symlink grows: in a worktree of its own, which is named by its oid. One that
// was left from earlier is used again; else a standby becomes it, so that only what changed is written.
import path from 'node:path'
import { NOT_REMOVABLE, tolerating } from '../../volume/errnos.js'
import type { NextCommit, StartingPoint } from '../publisher.js'
import { type PublishedRecord, readSnapshot } from '../snapshot/store.js'
import { type LinkLayout, linkedWorktree, otherWorktreeName, worktreeLayout } from '../target.js'
import { openContent } from '../update/directory-content.js'
import { recover, verify } from '../update/record.js'
import { DirectoryUpdate } from '../update/update.js'
import { nameLink, worktreesOfOthers } from './other-links.js'
import { recheckSharing } from './recheck.js'
import { sparesOf } from './spares.js'
import { growingStandby, prepareStandby, takeStandby } from './standby.js'
import { WorktreePublication } from './worktree-publication.js'

/** What a worktree may need on its way. */
export interface WorktreeOptions {
  /** Swaps the link, and makes way for it. @default nothing is in its way */
  swapping?: (swap: () => void) => void
  /**
   * The worktree that inspections look at: what of it is not as it was published is told already,
   * and what others change from then on is left to the next look, which tells it.
   * @default none
   */
  inspected?: string | undefined
  /** What {@link takeStandby} returned, if it was called. */
  standby?: PublishedRecord | undefined
}

/** Finds the worktree of the next commit, or what becomes it. */
export function openWorktree(
  links: LinkLayout,
  next: NextCommit,
  checkpoint: () => void,
  { inspected, swapping = (swap) => swap(), standby: taken }: WorktreeOptions = {},
): StartingPoint {
  links.volume.ensureDirectory(links.worktrees)
  nameLink(links)
  const name = nameOf(links, next)
  const layout = worktreeLayout(links, name)
  // One that was left from earlier may have lost files since.
  const left = name === inspected ? recover(layout) : verify(layout)
  if (!left && name !== inspected) removeGarbage(links, name)
  const isLeft = left !== undefined || links.volume.stat(layout.root) !== undefined
  if (isLeft && !left?.isTrusted) recheckSharing(links, [name, linkedWorktree(links)])
  const standby = isLeft
    ? undefined
    : (taken ?? takeStandby(links) ?? standbyOfLinked(links, checkpoint))
  const worktree = { name, layout, isLeft, isStandby: standby !== undefined }
  const open = standby
    ? openContent(growingStandby(links, layout), standby)
    : openContent(layout, left)
  return {
    begin(source, checkpoint) {
      const update = new DirectoryUpdate(open, source, checkpoint)
      return new WorktreePublication(links, worktree, update, swapping)
    },
  }
}

/** What has the name of a worktree, and is none of this link nor of another one of the root. */
function removeGarbage(links: LinkLayout, name: string): void {
  const { volume, workshop, worktrees } = links
  if (worktrees === workshop || worktreesOfOthers(links).has(name)) return
  volume.removeAll(path.join(worktrees, name))
}

/**
 * The name is the commit's, where there is no worktree of another selection of the commit. In a root that
 * is shared it always is, as its users count on that: that worktree becomes one of this selection then.
 */
function nameOf(links: LinkLayout, { commit, origin }: NextCommit): string {
  const { volume, workshop, worktrees } = links
  const layout = worktreeLayout(links, commit)
  if (worktrees !== workshop || !volume.isDirectory(layout.root)) return commit
  const there = readSnapshot(layout)
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
