// Publishes by symlink: the published path is a link to the worktree of a commit.
import path from 'node:path'
import { isDirectory, removeAll, removeBelow, statusOf } from '../../volume/files.js'
import { removeForeignIfAsked } from '../directory/clean.js'
import { assertReplaceable } from '../directory/making-way.js'
import { verify } from '../directory/record.js'
import { linkedCommit, linkLayout, ownDirectory, stateOf, worktreeLayout } from '../layout.js'
import { LEASE_FILE } from '../lease/lease.js'
import type { Publisher } from '../publisher.js'
import { inspectionOf, NOTHING } from '../snapshot/inspection.js'
import { replaceDirectory } from './replace-directory.js'
import { recheckStandby, takeStandby } from './standby.js'
import { recheckUnused, tidyWorktrees } from './tidy.js'
import { beginWorktree } from './worktrees.js'

/** Publishes a symlink. */
export const symlinkPublisher: Publisher = {
  begin(target, source, checkpoint, standby) {
    assertReplaceable(target, () => true)
    if (isDirectory(target.directory)) return replaceDirectory(target, source, checkpoint)
    return beginWorktree(linkLayout(target), source, checkpoint, { standby })
  },

  current(target) {
    if (isDirectory(target.directory)) return undefined
    const links = linkLayout(target)
    // Without its link, the worktree is as good as it was.
    const commit = linkedCommit(links) ?? target.published
    return commit === undefined ? undefined : worktreeLayout(links, commit)
  },

  base: (target) => takeStandby(linkLayout(target)),

  inspect(target, depth) {
    const links = linkLayout(target)
    if (depth.isFirst) recheckUnused(links)
    const layout = symlinkPublisher.current(target)
    if (!layout) return NOTHING
    removeBelow(path.dirname(links.link), path.join(links.worktrees, 'incoming'))
    const record = verify(layout, depth)
    // It may share the files that were changed.
    if (!record?.isTrusted) recheckStandby(links)
    if (!record) return NOTHING
    const foreign = removeForeignIfAsked(target, layout, record, depth)
    const isShown = linkedCommit(links) !== undefined
    return inspectionOf(layout.root, record, { isShown, foreign })
  },

  tidy(target, options) {
    const existing = statusOf(target.directory)
    // What was published in the other way is still what readers see.
    if (existing && !existing.isSymbolicLink()) return undefined
    const unused = stateOf(target, 'in-place')
    if (unused !== undefined) removeAll(unused)
    return tidyWorktrees(linkLayout(target), options)
  },

  leaseFiles(target) {
    const beside = path.join(linkLayout(target).worktrees, LEASE_FILE)
    const inside = path.join(ownDirectory(target.directory), LEASE_FILE)
    return [beside, isDirectory(target.directory) ? inside : undefined]
  },

  incomingDirectory: (target) => path.join(linkLayout(target).worktrees, 'incoming'),
}
