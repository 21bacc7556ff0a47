// Where the worktrees of a symlink are, and what belongs to each.
import path from 'node:path'
import type { Place } from '../directory/record.js'
import type { Lease } from '../lease/lease.js'

/** Where a link and its worktrees are. */
export interface WorktreePlace {
  /** The published symlink. Absolute. */
  link: string
  /** Holds the worktrees; on the volume of the link. */
  worktrees: string
  /** Holds the state of each worktree. */
  stateDirectory: string
  /** What keeps other instances away; undefined where none is kept. */
  lease?: Lease | undefined
}

/** Tells since when a worktree is not in use. */
export function retiredMarkOf({ worktrees }: WorktreePlace, name: string): string {
  return path.join(worktrees, `${name}.retired`)
}

/** A worktree by its name, which is its commit's oid, with its own state beside it. */
export function worktreeOf(
  { worktrees, stateDirectory, lease }: WorktreePlace,
  name: string,
): Place {
  return {
    root: path.join(worktrees, name),
    stateDirectory: path.join(stateDirectory, `${name}.state`),
    stagingDirectory: path.join(worktrees, `${name}.staging`),
    lease,
  }
}
