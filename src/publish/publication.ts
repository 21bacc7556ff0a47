// One entry's publication: a plain directory or a symlink, and the change from one to
// the other. The only part of this folder that others call.
import { existsSync, lstatSync, mkdirSync, renameSync, rmSync, unlinkSync } from 'node:fs'
import path from 'node:path'
import { SyncError } from '../base/errors.js'
import type { Oid } from '../git/oid.js'
import { toBytePath } from './byte-path.js'
import {
  Draft,
  type Publication,
  type Published,
  removePublished,
  type Target,
} from './in-place.js'
import { assertOwnDirectories } from './own-directories.js'
import { forget, type Place, recover, verify } from './place.js'
import { filesOf } from './published-files.js'
import { PublishedTree } from './published-tree.js'
import {
  asideOf,
  inPlace,
  OWN_DIRECTORY,
  ownDirectory,
  type Site,
  stateOf,
  worktreePlace,
} from './site.js'
import { distrustStandby } from './standby.js'
import { type TidyOptions, tidyWorktrees } from './tidy.js'
import { codeOf, listTree, removeIfEmpty, toVolumeError } from './volume.js'
import { type WorktreePlace, worktreeOf } from './worktree-place.js'
import { beginWorktree, linkedCommit } from './worktrees.js'

export type { PublishMode, Site } from './site.js'

/** Publishes a commit at a site. Throws a SyncError; what was published before stays whole. */
export function publish(site: Site, target: Target, checkpoint: () => void): Published {
  return begin(site, target, checkpoint).finish()
}

/**
 * Starts to publish a commit, so that its blobs can be staged as they come. `published` is what
 * {@link openPublished} returned, if it was called.
 */
export function begin(
  site: Site,
  target: Target,
  checkpoint: () => void,
  published?: PublishedTree,
): Publication {
  const publication = guarded(site, () => {
    assertOwnDirectories(site)
    mkdirSync(path.dirname(site.directory), { recursive: true })
    putBack(site)
    const existing = lstatSync(site.directory, { throwIfNoEntry: false })
    const isLink = existing?.isSymbolicLink() ?? false
    if (existing && !isLink && !existing.isDirectory()) throw blocked(site, 'is a file')
    if (site.mode === 'symlink') {
      if (existing?.isDirectory()) return replaceDirectory(site, target, checkpoint)
      return beginWorktree(worktreePlace(site), target, checkpoint)
    }
    if (isLink) return replaceLink(site, target, checkpoint)
    return new Draft(inPlace(site), target, checkpoint, published?.known)
  })
  return {
    offer: (oid, blob) => guarded(site, () => publication.offer(oid, blob)),
    finish: () => guarded(site, () => publication.finish()),
    abandon: () => publication.abandon(),
  }
}

/** What is published at a site, as a source of objects; undefined where it cannot be trusted. */
export function openPublished(site: Site): PublishedTree | undefined {
  return guarded(site, () => {
    assertOwnDirectories(site)
    const place = currentPlace(site)
    if (!place) return undefined
    const known = recover(place)
    return known?.isTrusted ? new PublishedTree(place.root, known) : undefined
  })
}

/** A directory for files that are needed while a pack is received; see {@link removeIncoming}. */
export function incomingDirectory(site: Site): string {
  guarded(site, () => assertOwnDirectories(site))
  const existing = lstatSync(site.directory, { throwIfNoEntry: false })
  // What a symlink leads to is not to be written.
  const isBeside = site.mode === 'symlink' || existing?.isSymbolicLink()
  const parent = isBeside ? worktreePlace(site).worktrees : ownDirectory(site.directory)
  return path.join(parent, 'incoming')
}

/** Removes an incoming directory, and the one above it if that is empty then. */
export function removeIncoming(incoming: string): void {
  rmSync(incoming, { recursive: true, force: true })
  removeIfEmpty(toBytePath(path.dirname(incoming)))
}

/** Completes what was interrupted and returns the commit that is in place, if it is whole. */
export function inspect(site: Site): Oid | undefined {
  return guarded(site, () => {
    assertOwnDirectories(site)
    putBack(site)
    const place = currentPlace(site)
    if (!place) return undefined
    rmSync(incomingDirectory(site), { recursive: true, force: true })
    const known = verify(place)
    if (known?.isTrusted) return known.snapshot.commit
    if (site.mode === 'symlink') distrustStandby(worktreePlace(site))
    return undefined
  })
}

/**
 * Removes what earlier commits and interruptions left beside the published tree, and prepares for
 * the next. Returns the milliseconds until there is more to do; undefined where there is not.
 */
export function tidy(site: Site, options: TidyOptions): number | undefined {
  return guarded(site, () => {
    assertOwnDirectories(site)
    putBack(site)
    if (isOfOtherMode(site)) return undefined
    const worktree = worktreePlace(site)
    const unused = stateOf(site, site.mode === 'symlink' ? 'in-place' : 'symlink')
    if (unused !== undefined) rmSync(unused, { recursive: true, force: true })
    if (site.mode === 'symlink') return tidyWorktrees(worktree, options)
    if (existsSync(worktree.worktrees)) removeWorktrees(worktree)
    return undefined
  })
}

/** Removes what was published at a site, and its state; never a file this service did not write. */
export function unpublish(site: Site): void {
  guarded(site, () => {
    assertOwnDirectories(site)
    putBack(site)
    const worktree = worktreePlace(site)
    if (linkedCommit(worktree)) unlinkSync(site.directory)
    else if (lstatSync(site.directory, { throwIfNoEntry: false })?.isDirectory()) {
      removePublished(inPlace(site))
      rmSync(ownDirectory(site.directory), { recursive: true, force: true })
      removeIfEmpty(toBytePath(site.directory))
    }
    removeWorktrees(worktree)
    const state = stateOf(site, site.mode)
    if (state !== undefined) rmSync(path.dirname(state), { recursive: true, force: true })
  })
}

/** From a symlink to a directory: it is built whole beside the link, then takes its place. */
function replaceLink(site: Site, target: Target, checkpoint: () => void): Publication {
  const worktree = worktreePlace(site)
  if (!linkedCommit(worktree)) throw blocked(site, 'is a symlink that this service did not make')
  const root = asideOf(worktree)
  const place = inPlace(site, root)
  forget(place)
  rmSync(root, { recursive: true, force: true })
  const draft = new Draft(place, target, checkpoint)
  return {
    offer: (oid, blob) => draft.offer(oid, blob),
    abandon: () => draft.abandon(),
    finish() {
      const published = draft.finish()
      unlinkSync(site.directory)
      renameSync(root, site.directory)
      return published
    },
  }
}

/** From a directory to a symlink: the worktree is built first, then the directory makes way. */
function replaceDirectory(site: Site, target: Target, checkpoint: () => void): Publication {
  assertOwn(site)
  const worktree = worktreePlace(site)
  return beginWorktree(worktree, target, checkpoint, () => {
    // It may have taken a while to get here.
    assertOwn(site)
    rmSync(asideOf(worktree), { recursive: true, force: true })
    moveAside(site, asideOf(worktree))
  })
}

function assertOwn(site: Site): void {
  const known = recover(inPlace(site))
  const own = new Set(known && filesOf(known.snapshot).map((file) => file.path))
  const foreign = listTree(toBytePath(site.directory)).find(
    (found) =>
      !found.isDirectory && !own.has(found.path) && !found.path.startsWith(`${OWN_DIRECTORY}/`),
  )
  if (foreign) throw blocked(site, 'is a directory with files that this service did not write')
}

function moveAside(site: Site, aside: string): void {
  try {
    renameSync(site.directory, aside)
  } catch (error) {
    if (!['EBUSY', 'EXDEV'].includes(codeOf(error))) throw error
    throw blocked(site, 'is a mount point, which no symlink can replace')
  }
}

/** Undoes half a change from one mode to the other: what made way for it returns. */
function putBack(site: Site): void {
  if (lstatSync(site.directory, { throwIfNoEntry: false })) return
  const aside = asideOf(worktreePlace(site))
  if (existsSync(aside)) renameSync(aside, site.directory)
}

/** Whether what was published in the other mode is still what readers see. */
function isOfOtherMode({ directory, mode }: Site): boolean {
  const existing = lstatSync(directory, { throwIfNoEntry: false })
  return existing !== undefined && existing.isSymbolicLink() !== (mode === 'symlink')
}

function removeWorktrees({ worktrees }: WorktreePlace): void {
  rmSync(worktrees, { recursive: true, force: true })
  removeIfEmpty(toBytePath(path.dirname(worktrees)))
}

/** Where the snapshot of what is published now would be. */
function currentPlace(site: Site): Place | undefined {
  const existing = lstatSync(site.directory, { throwIfNoEntry: false })
  if (existing?.isDirectory()) return site.mode === 'in-place' ? inPlace(site) : undefined
  const worktree = worktreePlace(site)
  const commit = site.mode === 'symlink' ? linkedCommit(worktree) : undefined
  return commit === undefined ? undefined : worktreeOf(worktree, commit)
}

function blocked({ directory }: Site, what: string): SyncError {
  return new SyncError(
    'path-blocked',
    `${directory} ${what}; move it away, then the sync goes on by itself`,
  )
}

function guarded<T>(site: Site, change: () => T): T {
  try {
    return change()
  } catch (error) {
    throw toVolumeError(error, site.directory)
  }
}
