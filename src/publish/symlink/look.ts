// What readers of a link see, by a few small reads: whether it is there, and a checkout of its commit.
// What its files hold is another matter.
import path from 'node:path'
import { readUnless, UNREADABLE } from '../../volume/errnos.js'
import { linkedHistory } from '../history/layout.js'
import { isCheckedOut, isUsable } from '../history/usable.js'
import type { ShownContent, TidyOptions } from '../publisher.js'
import { type LinkLayout, linkedWorktree } from '../target.js'

/** Looks at a link, and at what lies beside the worktree that it leads to. */
export function lookAtLink(
  links: LinkLayout,
  { graceMs, now }: Pick<TidyOptions, 'graceMs' | 'now'>,
): ShownContent {
  const { volume, worktrees } = links
  const namesIn = (directory: string) => readUnless(UNREADABLE, () => volume.names(directory)) ?? []
  const isOld = (other: string) =>
    (volume.stat(path.join(worktrees, other))?.mtimeMs ?? now) < now - graceMs
  const name = linkedWorktree(links)
  // Another selection of a commit has more in its name.
  const commit = name?.split('-')[0]
  const root = path.join(worktrees, name ?? '')
  const hasContent = name !== undefined && namesIn(root).length > 0
  const repository = linkedHistory(links)
  const hasRepository = isUsable(repository)
  return {
    commit,
    hasContent,
    hasRepository,
    isWhole:
      hasContent &&
      hasRepository &&
      commit !== undefined &&
      isCheckedOut(repository, { root, name }, commit),
    outOfUse: namesIn(worktrees).filter(
      (other) => other !== name && (graceMs === 0 || isOld(other)),
    ),
  }
}
