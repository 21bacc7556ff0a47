// The one door: what can be done with what an entry publishes, in whichever way it does; its history
// has a door of its own, repository.ts. The rooms behind it import only from those before them, in the
// order that docs/architecture.md has them in.
import path from 'node:path'
import { toBytePath } from '../volume/byte-path.js'
import { assertStillMounted } from '../volume/mount-points.js'
import { holding } from '../volume/volume.js'
import { atTarget, hold, keeping, keepingHeld, lettingGo, publisherOf } from './at-target.js'
import type { Depth } from './drift/comparison.js'
import type { Inspection } from './drift/inspection.js'
import { PublishedTree } from './drift/published-tree.js'
import { HeldPublication } from './held-publication.js'
import { joinHistory, removeRepository } from './history/directory.js'
import { removeWorktrees } from './history/retire.js'
import { isFirstLook, rememberLook } from './lease/boot.js'
import {
  type Claim,
  claimLease,
  type LeaseAnswer,
  releaseLease as releaseHeld,
} from './lease/claim.js'
import type { Lease } from './lease/lease.js'
import { type LeaseSight, lookAtLease as sightOf } from './lease/sight.js'
import { assertOwnDirectories, leaseDirectoriesOf, putBack } from './own-directories.js'
import type {
  CommitSource,
  NextCommit,
  Publication,
  ShownContent,
  StartingPoint,
  TidyOptions,
} from './publisher.js'
import { IncomingFiles } from './stage/incoming-files.js'
import {
  baseOf,
  directoryLayout,
  type HeldTarget,
  linkedWorktree,
  linkLayout,
  ownDirectory,
  stateOf,
  type Target,
} from './target.js'
import { recover } from './update/record.js'
import { removePublished } from './update/removal.js'

/** A claim to the lease of a target. */
export interface LeaseClaim extends Omit<Claim, 'lease' | 'volume' | 'base' | 'byDeputy'> {
  target: Target
}

/** A target, and where its next commit grows; it is held until what begins there ends. */
export interface OpenTarget {
  held: HeldTarget
  start: StartingPoint
}

/**
 * Finds where the next commit of a target grows, which is to {@link begin} there; `current` is what
 * {@link openPublished} returned, if it was called.
 */
export function openTarget(
  target: Target,
  next: NextCommit,
  checkpoint: () => void,
  current?: PublishedTree,
): OpenTarget {
  return keeping(target, (held, publisher) => {
    held.volume.ensureDirectory(path.dirname(held.path))
    putBack(held)
    return { held, start: publisher.open(held, next, checkpoint, current?.base) }
  })
}

/**
 * Starts to publish a commit, so that its blobs can be staged as they come. What was published before
 * stays whole.
 */
export function begin(
  { held, start }: OpenTarget,
  source: CommitSource,
  checkpoint: () => void,
): Publication {
  return keepingHeld(
    held,
    () => new HeldPublication(held, start.begin(source, checkpoint), checkpoint),
  )
}

/** What is published at a target, until it is closed; undefined where it cannot be trusted. */
export function openPublished(target: Target): PublishedTree | undefined {
  return keeping(target, (held, publisher) => {
    const layout = publisher.current(held)
    const record = layout && recover(layout)
    if (!layout || !record?.drifted) return undefined
    // Read now, while the remote is still at work.
    return new PublishedTree(layout, record, publisher.base(held, record))
  })
}

/** Where the files are kept that are needed while a pack is received, until they are removed. */
export function openIncoming(target: Target): IncomingFiles {
  return atTarget(target, (held, publisher) => {
    return new IncomingFiles(held.volume, publisher.incomingDirectory(held), held.lease)
  })
}

/** Completes what was interrupted, and looks at what is in place. */
export function inspect(target: Target, depth: Depth = {}): Inspection {
  return atTarget(target, (held, publisher) => {
    putBack(held)
    const { lease, volume } = held
    if (!lease || !isFirstLook(volume, lease)) return publisher.inspect(held, depth)
    const all = { ...depth, share: { pass: 0, passes: 1 }, isFirst: true }
    const inspection = publisher.inspect(held, all)
    rememberLook(volume, lease)
    return inspection
  })
}

/**
 * Removes what earlier commits and interruptions left beside the published tree, and prepares for
 * the next. Returns the milliseconds until there is more to do; undefined where there is not.
 */
export function tidy(target: Target, options: TidyOptions): number | undefined {
  return atTarget(target, (held, publisher) => {
    putBack(held)
    const againInMs = publisher.tidy(held, options)
    const shown = publisher.current(held)
    const { gc } = target
    if (shown && gc !== 'never') {
      joinHistory(shown, { isAlways: gc === 'always', checkpoint: options.checkpoint })
    }
    return againInMs
  })
}

/** What readers see of a target; changes nothing, and asks for no lease. */
export function look(target: Target, options: Pick<TidyOptions, 'graceMs' | 'now'>): ShownContent {
  const held = hold(target)
  return lettingGo(held, () => publisherOf(target).look(held, options))
}

/**
 * Removes what was published at a target in whichever way, and its state; never a file this
 * service did not write. Where `checkpoint` throws, what is left is removed by the next call.
 */
export function unpublish(target: Target, checkpoint: () => void = () => undefined): void {
  atTarget(target, (held) => {
    const { lease, path: published, volume } = held
    const except = lease && toBytePath(lease.file)
    const remove = (own: string) => volume.removeAll(own, { checkpoint, except })
    putBack(held)
    const links = linkLayout(held)
    // Not through a symlink of others.
    const isDirectory = volume.isDirectory(published)
    if (linkedWorktree(links)) volume.unlink(published)
    else if (isDirectory) {
      const layout = directoryLayout(held)
      removePublished(layout, checkpoint)
      removeRepository(layout)
      remove(ownDirectory(published))
    }
    removeWorktrees(links, remove)
    const state = stateOf(target, target.mode)
    if (state !== undefined) remove(path.dirname(state))
    // Last: whoever waits for the lease would publish where this removes.
    if (except !== undefined) volume.removeFile(except)
    const inside = isDirectory ? [ownDirectory(published), published] : []
    const { workshop } = links
    for (const emptied of [...inside, links.worktrees, workshop, path.dirname(workshop)]) {
      volume.removeIfEmpty(emptied)
    }
  })
}

/** Acquires the lease of a target, as far as possible now. Throws a SyncError. */
export function acquireLease({ target, ...claim }: LeaseClaim): LeaseAnswer {
  const { byDeputy, lease } = target
  // Whoever holds a lease in another place has it until there is one here.
  assertStillMounted(target.mountPoint)
  const held = hold({ ...target, lease: undefined })
  return lettingGo(held, () => {
    assertOwnDirectories(held, leaseDirectoriesOf)
    const { volume } = held
    const files = publisherOf(target).leaseFiles(held)
    return claimLease(files, { ...claim, volume, base: baseOf(target), lease, byDeputy })
  })
}

/** What is seen of the lease of a target; changes nothing. Throws a SyncError. */
export function lookAtLease(target: Target, self: LeaseClaim['self']): LeaseSight {
  const held = hold(target)
  return lettingGo(held, () => {
    assertOwnDirectories(held, leaseDirectoriesOf)
    return sightOf(held.volume, publisherOf(target).leaseFiles(held), self)
  })
}

/** Gives a lease back. */
export function releaseLease(lease: Lease): void {
  holding(toBytePath(lease.base), (volume) => releaseHeld(volume, lease))
}
