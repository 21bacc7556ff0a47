// Marks what is not in use: nothing is built on it, and readers are not led to it, before each of its
// files was looked at.
import { readUnless } from '../../volume/errnos.js'
import { isWorktreeName, type LinkLayout, linkedWorktree, worktreeLayout } from '../target.js'
import { recheck } from '../update/record.js'
import { sparesOf } from './spares.js'
import { recheckStandby } from './standby.js'

/** Marks all of it: it may be anything. */
export function recheckUnused(links: LinkLayout): void {
  recheckSharing(links, [linkedWorktree(links)])
  for (const name of sparesOf(links)) recheck(worktreeLayout(links, name))
}

/**
 * Marks the standby, and all worktrees but some: they may share a file that somebody changed. A spare
 * is given the very files in use before it becomes anything.
 */
export function recheckSharing(links: LinkLayout, except: readonly (string | undefined)[]): void {
  recheckStandby(links)
  const names = readUnless(['ENOENT'], () => links.volume.names(links.worktrees)) ?? []
  for (const name of names) {
    if (isWorktreeName(name) && !except.includes(name)) recheck(worktreeLayout(links, name))
  }
}
