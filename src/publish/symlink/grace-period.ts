// Since when a worktree is not in use: that is the time of its directory, which outlives this process.
import path from 'node:path'
import { ABSENT, tolerating, UNWRITABLE } from '../../volume/errnos.js'
import type { TidyOptions } from '../publisher.js'
import type { LinkLayout } from '../target.js'

/** Says that a worktree goes out of use at `now`, in milliseconds since the epoch. */
export function goOutOfUse({ volume, worktrees }: LinkLayout, name: string, now: number): void {
  tolerating([...ABSENT, ...UNWRITABLE], () => volume.setTime(path.join(worktrees, name), now))
}

/** How long what is not in use is still to stay, in milliseconds. */
export function leftOf(links: LinkLayout, name: string, { graceMs, now }: TidyOptions): number {
  const stat = links.volume.stat(path.join(links.worktrees, name))
  if (graceMs === 0 || !stat) return 0
  const since = stat.mtimeMs
  // Where the clock was set back, the time starts again.
  if (since > now && stat.isDirectory()) goOutOfUse(links, name, now)
  return Math.max(0, Math.min(since, now) + graceMs - now)
}
