// The one door: what can be done with what an entry publishes, in whichever way it does. Whatever
// the volume answers, a SyncError says what to do about it. The rooms behind it import only from
// those before them, in the order that docs/architecture.md has them in.
import path from 'node:path'
import { toBytePath } from '../volume/byte-path.js'
import { removeFile, statusOf, unlink } from '../volume/files.js'
import { assertStillMounted } from '../volume/mount-points.js'
import { removeTree } from '../volume/remove-tree.js'
import { ensureDirectory, removeIfEmpty } from '../volume/volume.js'
import { guarded } from '../volume/volume-error.js'
import { directoryPublisher } from './directory/publisher.js'
import type { Depth } from './drift/comparison.js'
import type { Inspection } from './drift/inspection.js'
import { PublishedTree } from './drift/published-tree.js'
import { isFirstLook, rememberLook } from './lease/boot.js'
import { type Claim, claimLease, type LeaseAnswer } from './lease/claim.js'
import { assertOwnDirectories, putBack } from './own-directories.js'
import type { CommitSource, Publication, Publisher, TidyOptions } from './publisher.js'
import { IncomingFiles } from './stage/incoming-files.js'
import { symlinkPublisher } from './symlink/publisher.js'
import {
  directoryLayout,
  linkedCommit,
  linkLayout,
  ownDirectory,
  type PublishMode,
  stateOf,
  type Target,
} from './target.js'
import { removeForeign } from './update/clean.js'
import { recover } from './update/record.js'
import { removePublished } from './update/update.js'

const PUBLISHERS: Readonly<Record<PublishMode, Publisher>> = {
  'in-place': directoryPublisher,
  symlink: symlinkPublisher,
}

/** A claim to the lease of a target. */
export interface LeaseClaim extends Omit<Claim, 'lease'> {
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
  const publisher = PUBLISHERS[target.mode]
  const publication = guarded(target, () => {
    assertOwnDirectories(target)
    ensureDirectory(path.dirname(target.directory))
    putBack(target)
    return publisher.begin(target, source, checkpoint, current?.base)
  })
  return {
    offer: (oid, object) => guarded(target, () => publication.offer(oid, object)),
    finish: () =>
      guarded(target, () => {
        const published = publication.finish()
        const layout = target.clean ? publisher.current(target) : undefined
        const record = layout && recover(layout)
        const foreign = record && removeForeign(target, layout, record, checkpoint)
        return foreign ? { ...published, foreign } : published
      }),
    abandon: () => publication.abandon(),
  }
}

/** What is published at a target, as a source of objects; undefined where it cannot be trusted. */
export function openPublished(target: Target): PublishedTree | undefined {
  return atTarget(target, (publisher) => {
    const layout = publisher.current(target)
    const record = layout && recover(layout)
    if (!layout || !record?.drifted) return undefined
    // Read now, while the remote is still at work.
    const base = publisher.base(target, { layout, record })
    return new PublishedTree(layout.root, record, base)
  })
}

/** Where the files are kept that are needed while a pack is received for a target. */
export function openIncoming(target: Target): IncomingFiles {
  return atTarget(target, (publisher) => {
    return new IncomingFiles(publisher.incomingDirectory(target), target.lease)
  })
}

/** Completes what was interrupted, and looks at what is in place. */
export function inspect(target: Target, depth: Depth = {}): Inspection {
  return atTarget(target, (publisher) => {
    putBack(target)
    const { lease } = target
    if (!lease || !isFirstLook(lease)) return publisher.inspect(target, depth)
    const all = { ...depth, share: { pass: 0, passes: 1 }, isFirst: true }
    const inspection = publisher.inspect(target, all)
    rememberLook(lease)
    return inspection
  })
}

/**
 * Removes what earlier commits and interruptions left beside the published tree, and prepares for
 * the next. Returns the milliseconds until there is more to do; undefined where there is not.
 */
export function tidy(target: Target, options: TidyOptions): number | undefined {
  return atTarget(target, (publisher) => {
    putBack(target)
    return publisher.tidy(target, options)
  })
}

/**
 * Removes what was published at a target in whichever way, and its state; never a file this
 * service did not write. Where `checkpoint` throws, what is left is removed by the next call.
 */
export function unpublish(target: Target, checkpoint: () => void = () => undefined): void {
  const { directory, lease } = target
  const leaseFile = lease && toBytePath(lease.file)
  const remove = (own: string) => removeTree(toBytePath(own), { checkpoint, except: leaseFile })
  atTarget(target, () => {
    putBack(target)
    const links = linkLayout(target)
    // Not through a symlink of others.
    const isDirectory = statusOf(directory)?.isDirectory()
    if (linkedCommit(links)) unlink(directory)
    else if (isDirectory) {
      removePublished(directoryLayout(target), checkpoint)
      remove(ownDirectory(directory))
    }
    remove(links.worktrees)
    const state = stateOf(target, target.mode)
    if (state !== undefined) remove(path.dirname(state))
    // Last: whoever waits for the lease would publish where this removes.
    if (lease) removeFile(lease.file)
    const inside = isDirectory ? [ownDirectory(directory), directory] : []
    for (const emptied of [...inside, links.worktrees, path.dirname(links.worktrees)]) {
      removeIfEmpty(toBytePath(emptied))
    }
  })
}

/** Acquires the lease of a target, as far as possible now. Throws a SyncError. */
export function acquireLease({ target, ...claim }: LeaseClaim): LeaseAnswer {
  return guarded(target, () => {
    // Whoever holds a lease in another place has it until there is one here.
    assertStillMounted(target)
    assertOwnDirectories({ ...target, lease: undefined })
    return claimLease(PUBLISHERS[target.mode].leaseFiles(target), {
      ...claim,
      lease: target.lease,
    })
  })
}

function atTarget<T>(target: Target, work: (publisher: Publisher) => T): T {
  return guarded(target, () => {
    assertOwnDirectories(target)
    return work(PUBLISHERS[target.mode])
  })
}
