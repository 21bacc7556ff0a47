// One entry's publication, as a plain directory or a symlink: what can be done at a site.
// Whatever the volume answers, a SyncError says what to do about it.
import path from 'node:path'
import { toBytePath } from '../volume/byte-path.js'
import { tolerating, UNWRITABLE } from '../volume/errnos.js'
import { exists, removeAll, removeFile, statusOf, unlink } from '../volume/files.js'
import { ensureDirectory, removeIfEmpty, removeTree } from '../volume/volume.js'
import { guarded } from '../volume/volume-error.js'
import { removeForeign } from './directory/clean.js'
import { writeCurrent } from './directory/current-file.js'
import { type Known, type Place, recover, verify } from './directory/record.js'
import {
  Draft,
  type Publication,
  type Published,
  removePublished,
  type Target,
} from './directory/update.js'
import { isFirstLook, rememberLook } from './lease/boot.js'
import { assertLease, leaseGuard } from './lease/lease.js'
import { assertOwnDirectories } from './own-directories.js'
import type { Look } from './snapshot/comparison.js'
import { NOTHING, type Survey, surveyOf } from './snapshot/inspection.js'
import { PublishedTree } from './snapshot/published-tree.js'
import { incomingDirectory } from './stage/incoming-files.js'
import {
  assertReplaceable,
  isOfOtherMode,
  putBack,
  replaceDirectory,
  replaceLink,
} from './symlink/change-of-mode.js'
import { distrustStandby, takeStandby } from './symlink/standby.js'
import { distrustUnused, type TidyOptions, tidyWorktrees } from './symlink/tidy.js'
import { type WorktreePlace, worktreeOf } from './symlink/worktree-place.js'
import { beginWorktree, linkedCommit } from './symlink/worktrees.js'
import { inPlace, ownDirectory, type Site, stateOf, worktreePlace } from './target.js'

export type { Look } from './snapshot/comparison.js'
export type { FirstPaths } from './snapshot/first-paths.js'
export type { Drift, Survey } from './snapshot/inspection.js'
export type { PublishMode, Site } from './target.js'

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
    ensureDirectory(path.dirname(site.directory))
    putBack(site)
    assertReplaceable(site)
    const isDirectory = statusOf(site.directory)?.isDirectory()
    if (site.mode === 'symlink') {
      if (isDirectory) return replaceDirectory(site, target, checkpoint)
      const standby = published?.standby
      return beginWorktree(worktreePlace(site), target, checkpoint, { standby })
    }
    if (isDirectory === false) return replaceLink(site, target, checkpoint)
    return new Draft(inPlace(site), target, checkpoint, published?.known)
  })
  return {
    offer: (oid, blob) => guarded(site, () => publication.offer(oid, blob)),
    finish: () =>
      guarded(site, () => {
        const published = publication.finish()
        const place = site.clean ? currentPlace(site) : undefined
        const known = place && recover(place)
        if (site.mode === 'in-place') writeCurrent(site.directory, target.commit)
        const foreign = known && clean(site, place.root, known, checkpoint)
        return foreign ? { ...published, foreign } : published
      }),
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
    if (!known?.drifted) return undefined
    // Read now, while the remote is still at work.
    const standby = site.mode === 'symlink' ? takeStandby(worktreePlace(site)) : undefined
    return new PublishedTree(place.root, known, standby)
  })
}

/** Completes what was interrupted, and looks at what is in place. */
export function inspect(site: Site, look?: Look): Survey {
  return guarded(site, () => {
    assertOwnDirectories(site)
    putBack(site)
    if (!site.lease || !isFirstLook(site.lease)) return lookAt(site, look)
    if (site.mode === 'symlink') distrustUnused(worktreePlace(site))
    const survey = lookAt(site, { ...look, share: { pass: 0, passes: 1 } })
    rememberLook(site.lease)
    return survey
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
    if (unused !== undefined) removeAll(unused)
    if (site.mode === 'symlink') return tidyWorktrees(worktree, options)
    if (exists(worktree.worktrees)) removeWorktrees(worktree)
    return undefined
  })
}

/**
 * Removes what was published at a site, and its state; never a file this service did not write.
 * Where `checkpoint` throws, what is left is removed by the next call.
 */
export function unpublish(site: Site, checkpoint: () => void = () => undefined): void {
  const remove = (directory: string) => {
    const lease = site.lease && toBytePath(site.lease.file)
    removeTree(toBytePath(directory), checkpoint, lease)
  }
  guarded(site, () => {
    assertOwnDirectories(site)
    putBack(site)
    const worktree = worktreePlace(site)
    // Not through a symlink of others.
    const isDirectory = statusOf(site.directory)?.isDirectory()
    if (linkedCommit(worktree)) unlink(site.directory)
    else if (isDirectory) {
      removePublished(inPlace(site), checkpoint)
      remove(ownDirectory(site.directory))
    }
    remove(worktree.worktrees)
    const state = stateOf(site, site.mode)
    if (state !== undefined) remove(path.dirname(state))
    // Last: whoever waits for the lease would publish where this removes.
    if (site.lease) removeFile(site.lease.file)
    const inside = isDirectory ? [ownDirectory(site.directory), site.directory] : []
    for (const emptied of [...inside, worktree.worktrees, path.dirname(worktree.worktrees)]) {
      removeIfEmpty(toBytePath(emptied))
    }
  })
}

function lookAt(site: Site, look: Look | undefined): Survey {
  const place = currentPlace(site)
  if (!place) return NOTHING
  removeAll(incomingDirectory(site))
  const known = verify(place, look)
  // It may share the files that were changed.
  if (!known?.isTrusted && site.mode === 'symlink') distrustStandby(worktreePlace(site))
  if (!known) return NOTHING
  const isClean = !site.clean || !known.drifted
  const foreign = isClean ? undefined : clean(site, place.root, known, look?.checkpoint)
  // As after an interruption right before its end.
  if (site.mode === 'in-place' && known.isTrusted) {
    const { commit } = known.snapshot
    tolerating(UNWRITABLE, () => writeCurrent(site.directory, commit))
  }
  const isShown = site.mode === 'in-place' || linkedCommit(worktreePlace(site)) !== undefined
  const survey = surveyOf(place.root, known, isShown)
  return foreign ? { ...survey, foreign } : survey
}

function clean(site: Site, root: string, { snapshot }: Known, stop = () => {}) {
  assertLease(site.lease)
  const assertStillHeld = leaseGuard(site.lease)
  const checkpoint = () => {
    stop()
    assertStillHeld()
  }
  return removeForeign(root, snapshot, { checkpoint, stateDirectory: site.stateDirectory })
}

function removeWorktrees({ worktrees }: WorktreePlace): void {
  removeAll(worktrees)
  removeIfEmpty(toBytePath(path.dirname(worktrees)))
}

/** Where the snapshot of what is published now would be. */
function currentPlace(site: Site): Place | undefined {
  const existing = statusOf(site.directory)
  if (existing?.isDirectory()) return site.mode === 'in-place' ? inPlace(site) : undefined
  if (site.mode === 'in-place') return undefined
  const worktree = worktreePlace(site)
  // Without its link, the worktree is as good as it was.
  const commit = linkedCommit(worktree) ?? site.published
  return commit === undefined ? undefined : worktreeOf(worktree, commit)
}
