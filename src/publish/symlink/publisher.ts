// Publishes by symlink: the published path is a link to the worktree of a commit.
import path from 'node:path'
import { errnoOf } from '../../base/errno.js'
import { SyncError } from '../../base/errors.js'
import { displayPath } from '../../volume/byte-path.js'
import { MOUNTED, READ_ONLY, readUnless, tolerating } from '../../volume/errnos.js'
import { mountPointsBelow } from '../../volume/mount-points.js'
import { OWN_DIRECTORY } from '../../volume/own-directory.js'
import { ownPaths } from '../drift/comparison.js'
import { openForeignClone } from '../drift/foreign-clone.js'
import { historyLook, inspectionOf, NOTHING } from '../drift/inspection.js'
import { findHistory } from '../history/directory.js'
import { directoryHistory, GIT, linkedHistory } from '../history/layout.js'
import { wasMadeHere } from '../history/refs.js'
import { workIn } from '../history/retire.js'
import { assertLease, LEASE_FILE } from '../lease/lease.js'
import { assertReplaceable, makeWay, pathBlocked, puttingBack } from '../own-directories.js'
import type { Publisher } from '../publisher.js'
import {
  asideOf,
  directoryLayout,
  type HeldTarget,
  type LinkLayout,
  linkedWorktree,
  linkLayout,
  ownDirectory,
  stateOf,
  worktreeLayout,
} from '../target.js'
import { removeForeign } from '../update/clean.js'
import { inspectRecord, recover } from '../update/record.js'
import { lookAtLink } from './look.js'
import { recheckSharing, recheckUnused } from './recheck.js'
import { inspectStandby, takeStandby } from './standby.js'
import { tidyWorktrees } from './tidy.js'
import { openWorktree } from './worktrees.js'

/** Publishes a symlink. */
export const symlinkPublisher: Publisher = {
  open(target, next, checkpoint, standby) {
    const blocked = () => assertReplaceable(target, () => true)
    blocked()
    const links = linkLayout(target)
    if (target.volume.isDirectory(target.path)) {
      assertGoes(target)
      const swapping = (swap: () => void) => replaceDirectory(target, swap)
      return openWorktree(links, next, checkpoint, { swapping })
    }
    const swapping = (swap: () => void) => {
      makeWay(target, blocked())
      swap()
    }
    const inspected = inUse(target, links)
    return openWorktree(links, next, checkpoint, { swapping, standby, inspected })
  },

  current(target) {
    if (target.volume.isDirectory(target.path)) return undefined
    const links = linkLayout(target)
    const name = inUse(target, links)
    return name === undefined ? undefined : worktreeLayout(links, name)
  },

  base: (target) => takeStandby(linkLayout(target)),

  inspect(target, depth) {
    const links = linkLayout(target)
    if (depth.isFirst) recheckUnused(links)
    const layout = symlinkPublisher.current(target)
    if (!layout) return NOTHING
    const incoming = path.join(links.workshop, 'incoming')
    tolerating(READ_ONLY, () => links.volume.removeAll(incoming))
    const record = inspectRecord(layout, depth)
    if (record?.isTrusted) inspectStandby(links, record.snapshot, depth)
    else recheckSharing(links, [inUse(target, links)])
    if (!record) return NOTHING
    const foreign = removeForeign(target, layout, record, depth.checkpoint)
    const isShown = linkedWorktree(links) !== undefined
    const { drifted, snapshot } = record
    const find = () => findHistory(layout, snapshot, historyLook(depth))
    const history = isShown && drifted ? readUnless(READ_ONLY, find) : undefined
    return inspectionOf(layout, record, { isShown, foreign, history })
  },

  tidy(target, options) {
    const existing = target.volume.stat(target.path)
    // What was published in the other way is still what readers see.
    if (existing && !existing.isSymbolicLink()) return undefined
    const unused = stateOf(target, 'in-place')
    if (unused !== undefined) target.volume.removeAll(unused)
    return tidyWorktrees(linkLayout(target), options)
  },

  look: (target, options) => lookAtLink(linkLayout(target), options),

  leaseFiles(target) {
    const beside = path.join(linkLayout(target).workshop, LEASE_FILE)
    const inside = path.join(ownDirectory(target.path), LEASE_FILE)
    return [beside, target.volume.isDirectory(target.path) ? inside : undefined]
  },

  history: (target) => linkedHistory(linkLayout(target)),

  incomingDirectory: (target) => path.join(linkLayout(target).workshop, 'incoming'),
}

/** The name of the worktree in use: without its link, it is as good as it was. */
function inUse({ published }: HeldTarget, links: LinkLayout): string | undefined {
  return linkedWorktree(links) ?? published
}

/** Throws where a directory may neither go nor be moved aside. */
function assertGoes(target: HeldTarget): void {
  const refusal = whyNotOurs(target)
  if (refusal && !target.movesAside) throw refusal
}

/**
 * From a directory to a symlink: the worktree is built whole by now, so that the path is missing for
 * no longer than one rename takes.
 */
function replaceDirectory(target: HeldTarget, swap: () => void): void {
  puttingBack(target, () => {
    // It may have taken a while to get here.
    const refusal = whyNotOurs(target)
    assertLease(target.lease)
    if (!makeWay(target, refusal)) {
      const aside = asideOf(linkLayout(target))
      target.volume.removeAll(aside)
      moveAside(target, aside)
    }
    swap()
  })
}

/** Why a directory may not go: others put files into it. Throws `path-blocked` where it cannot. */
function whyNotOurs(target: HeldTarget): SyncError | undefined {
  const isMountPoint = mountPointsBelow(target.directory)
  if (isMountPoint('')) throw mounted(target)
  const layout = directoryLayout(target)
  const record = recover(layout)
  const clone = record ? undefined : openForeignClone(layout)
  const history = directoryHistory(layout)
  const isMadeHere = record?.snapshot.history !== undefined || wasMadeHere(history)
  const isRepositoryOwn = isMadeHere
    ? workIn(history) === undefined
    : target.clean || (clone !== undefined && clone.whyKept === undefined)
  const own = record ? ownPaths(record.snapshot) : new Set<string>()
  const foreign = [...target.volume.list(target.path)].find(({ isDirectory, path }) => {
    if (isDirectory) return isMountPoint(path)
    if (own.has(path) || path.startsWith(`${OWN_DIRECTORY}/`)) return false
    // Work in it is not to be lost, whatever else may go.
    if (path.startsWith(`${GIT}/`)) return !isRepositoryOwn
    return !(target.clean || clone?.isUnmodified(path))
  })
  if (!foreign) return undefined
  const what = 'is a directory with files that this service did not write'
  return pathBlocked(target, `${what} (${displayPath(foreign.path)})`)
}

function moveAside(target: HeldTarget, aside: string): void {
  try {
    target.volume.rename(target.path, aside)
  } catch (error) {
    if (!MOUNTED.includes(errnoOf(error))) throw error
    throw mounted(target)
  }
}

function mounted({ directory }: HeldTarget): SyncError {
  return new SyncError(
    'path-blocked',
    `${directory} is a mount point, which no symlink can replace; set publish to in-place for this entry, or its path to one below`,
  )
}
