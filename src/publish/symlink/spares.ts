// Worktrees whose grace time is over, and which are not needed yet: kept out of sight for the commits
// to come, as to bring one level costs what changed since, and a new one what the tree weighs.
import { readUnless } from '../../volume/errnos.js'
import { removeCheckout } from '../history/directory.js'
import type { TidyOptions } from '../publisher.js'
import { readSnapshot } from '../snapshot/store.js'
import { type DirectoryLayout, isWorktreeName, type LinkLayout, worktreeLayout } from '../target.js'
import { promote, removeWorktree, type Standby } from './standby.js'

const PREFIX = 'spare-'

/** Whether a name is one of a worktree that is spared. */
export function isSpare(name: string): boolean {
  return name.startsWith(PREFIX) && isWorktreeName(name.slice(PREFIX.length))
}

/** The names of those that are spared. */
export function sparesOf({ volume, workshop }: LinkLayout): string[] {
  return (readUnless(['ENOENT'], () => volume.names(workshop)) ?? []).filter(isSpare)
}

/**
 * How many are spared: one for the next commit, and one for each worktree in its grace time, as commits
 * may go on to come as fast; where they have files of their own, only one, and only as long.
 */
export function sparesFor(
  waiting: number,
  standby: Standby | undefined,
  { graceMs }: TidyOptions,
): number {
  if (graceMs === 0) return 0
  return standby?.isShared === false ? Math.min(waiting, 1) : waiting + 1
}

/** Spares a worktree, which is no commit's from then on; one whose checkout must stay, stays. */
export function spare(links: LinkLayout, name: string): void {
  if (isSpare(name)) return
  const [worktree, spared] = [name, `${PREFIX}${name}`].map((each) =>
    worktreeLayout(links, each),
  ) as [DirectoryLayout, DirectoryLayout]
  const snapshot = readSnapshot(worktree)
  // One of the same commit may have been spared before.
  if (!snapshot || links.volume.stat(spared.root)) {
    removeWorktree(links, name)
    return
  }
  if (removeCheckout(worktree, snapshot)) promote(worktree, spared)
}
