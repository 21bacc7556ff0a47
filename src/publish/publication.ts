// The one door: what can be done with what an entry publishes, in whichever way it does. Whatever
// the volume answers, a SyncError says what to do about it. The rooms behind it import only from
// those before them, in the order that docs/architecture.md has them in.
import path from 'node:path'
import type { ObjectFormat } from '../git/oid.js'
import { toBytePath } from '../volume/byte-path.js'
import { assertStillMounted } from '../volume/mount-points.js'
import { holding, Volume } from '../volume/volume.js'
import { guarded, toVolumeError } from '../volume/volume-error.js'
import { directoryPublisher } from './directory/publisher.js'
import type { Depth } from './drift/comparison.js'
import type { Inspection } from './drift/inspection.js'
import { PublishedTree } from './drift/published-tree.js'
import type { RepositoryOptions } from './history/create.js'
import { joinHistory, removeRepository } from './history/directory.js'
import { type HistoryToKeep, keepReceived } from './history/keep.js'
import { type HistoryLayout, moduleDirectories, ownDirectoryOf } from './history/layout.js'
import { RepositoryObjects } from './history/objects.js'
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
  Publication,
  Publisher,
  ShownContent,
  TidyOptions,
} from './publisher.js'
import type { PublishedSubmodule } from './snapshot/origin.js'
import { IncomingFiles } from './stage/incoming-files.js'
import { symlinkPublisher } from './symlink/publisher.js'
import {
  baseOf,
  directoryLayout,
  type HeldTarget,
  linkedWorktree,
  linkLayout,
  ownDirectory,
  type PublishMode,
  stateOf,
  type Target,
} from './target.js'
import { removeForeign } from './update/clean.js'
import { recover } from './update/record.js'
import { removePublished } from './update/removal.js'

const PUBLISHERS: Readonly<Record<PublishMode, Publisher>> = {
  'in-place': directoryPublisher,
  symlink: symlinkPublisher,
}

/** A claim to the lease of a target. */
export interface LeaseClaim extends Omit<Claim, 'lease' | 'volume' | 'base' | 'byDeputy'> {
  target: Target
}

/**
 * Starts to publish a commit, so that its blobs can be staged as they come; `current` is what
 * {@link openPublished} returned, if it was called. What was published before stays whole.
 */
export function begin(
  target: Target,
  source: CommitSource,
  checkpoint: () => void,
  current?: PublishedTree,
): Publication {
  return keeping(target, (held, publisher) => {
    held.volume.ensureDirectory(path.dirname(held.path))
    putBack(held)
    const publication = publisher.begin(held, source, checkpoint, current?.base)
    return {
      offer: (oid, object) => guarded(held, () => publication.offer(oid, object)),
      find: (oid) => guarded(held, () => publication.find(oid)),
      pending: () => publication.pending(),
      lfsFiles: () => guarded(held, () => publication.lfsFiles()),
      repository: () => publication.repository(),
      ready: () =>
        guarded(held, () => {
          held.volume.close()
          return publication.ready()
        }),
      finish: () =>
        lettingGo(held, () => {
          // Directories may have been moved since the beginning: those count that are there now.
          held.volume.close()
          const published = publication.finish()
          const layout = target.clean ? publisher.current(held) : undefined
          const record = layout && recover(layout)
          const foreign = record && removeForeign(target, layout, record, checkpoint)
          return foreign ? { ...published, foreign } : published
        }),
      abandon: () => lettingGo(held, () => publication.abandon()),
    }
  })
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

/** The objects of a repository, to be read until they are closed. */
export type OpenHistory = Pick<RepositoryObjects, 'has' | 'readIfAny' | 'close'>

/** What is kept of the history of what is published at a target. */
export function openHistory(target: Target, format: ObjectFormat): OpenHistory {
  return openObjects(target, format, (held, publisher) => publisher.history(held))
}

/** What is kept of the history of a submodule, which is one of all that are published. */
export function openModuleHistory(
  target: Target,
  format: ObjectFormat,
  modules: readonly PublishedSubmodule[],
  { path: own }: PublishedSubmodule,
): OpenHistory {
  return openObjects(target, format, (held, publisher) => {
    const place = publisher.current(held)?.repository
    const repository = place && moduleDirectories(ownDirectoryOf(place), modules).get(own)
    return repository === undefined ? undefined : { ...publisher.history(held), repository }
  })
}

function openObjects(
  target: Target,
  format: ObjectFormat,
  layoutOf: (held: HeldTarget, publisher: Publisher) => HistoryLayout | undefined,
): OpenHistory {
  return keeping(target, (held, publisher) => {
    const layout = layoutOf(held, publisher)
    const objects = layout && new RepositoryObjects(layout, format)
    return {
      has: (oid) => objects?.has(oid) ?? false,
      readIfAny: (oid) => objects?.readIfAny(oid),
      close: () => {
        objects?.close()
        held.volume.close()
      },
    }
  })
}

/**
 * Puts packs into the repository of what is published next, and of its submodules; each is made where
 * there is none. Nothing in it leads to them yet.
 */
export async function keepHistory(
  target: Target,
  options: RepositoryOptions,
  received: HistoryToKeep,
): Promise<void> {
  const held = hold(target)
  try {
    assertOwnDirectories(held)
    const publisher = PUBLISHERS[target.mode]
    const before = publisher.current(held)?.repository
    await keepReceived(publisher.history(held), before, options, received)
  } catch (error) {
    throw toVolumeError(held.volume.named(error), target.directory)
  } finally {
    held.volume.close()
  }
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
  return lettingGo(held, () => PUBLISHERS[target.mode].look(held, options))
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
    const files = PUBLISHERS[target.mode].leaseFiles(held)
    return claimLease(files, { ...claim, volume, base: baseOf(target), lease, byDeputy })
  })
}

/** What is seen of the lease of a target; changes nothing. Throws a SyncError. */
export function lookAtLease(target: Target, self: LeaseClaim['self']): LeaseSight {
  const held = hold(target)
  return lettingGo(held, () => {
    assertOwnDirectories(held, leaseDirectoriesOf)
    return sightOf(held.volume, PUBLISHERS[target.mode].leaseFiles(held), self)
  })
}

/** Gives a lease back. */
export function releaseLease(lease: Lease): void {
  holding(toBytePath(lease.base), (volume) => releaseHeld(volume, lease))
}

/** Works on a target, and lets go of it. */
function atTarget<T>(target: Target, work: (held: HeldTarget, publisher: Publisher) => T): T {
  const held = hold(target)
  return lettingGo(held, () => {
    assertOwnDirectories(held)
    return work(held, PUBLISHERS[target.mode])
  })
}

/** Works on a target, which stays held by what `open` returns. */
function keeping<T>(target: Target, open: (held: HeldTarget, publisher: Publisher) => T): T {
  const held = hold(target)
  let kept: T | undefined
  try {
    kept = guarded(held, () => {
      assertOwnDirectories(held)
      return open(held, PUBLISHERS[target.mode])
    })
    return kept
  } finally {
    if (kept === undefined) held.volume.close()
  }
}

function lettingGo<T>(held: HeldTarget, work: () => T): T {
  try {
    return guarded(held, work)
  } finally {
    held.volume.close()
  }
}

function hold(target: Target): HeldTarget {
  const published = toBytePath(target.directory)
  return { ...target, path: published, volume: new Volume(toBytePath(baseOf(target))) }
}
