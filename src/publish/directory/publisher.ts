// Publishes in place: the published path is a plain directory, of which only the files that differ
// are touched.
import path from 'node:path'
import { toBytePath } from '../../volume/byte-path.js'
import { tolerating, UNWRITABLE } from '../../volume/errnos.js'
import { exists, isDirectory, removeAll, removeBelow, statusOf } from '../../volume/files.js'
import { removeIfEmpty } from '../../volume/volume.js'
import {
  asideOf,
  directoryLayout,
  linkedCommit,
  linkLayout,
  ownDirectory,
  stateOf,
} from '../layout.js'
import { LEASE_FILE } from '../lease/lease.js'
import type { CommitSource, Publication, Publisher } from '../publisher.js'
import { inspectionOf, NOTHING } from '../snapshot/inspection.js'
import type { RecordedDirectory } from '../snapshot/published-tree.js'
import type { Target } from '../target.js'
import { removeForeignIfAsked } from './clean.js'
import { writeCurrent } from './current-file.js'
import { assertReplaceable } from './making-way.js'
import { verify } from './record.js'
import { replaceLink } from './replace-link.js'
import { DirectoryUpdate } from './update.js'

/** Publishes a plain directory. */
export const directoryPublisher: Publisher = {
  begin(target, source, checkpoint, base) {
    const publication = beginUpdate(target, source, checkpoint, base)
    return {
      offer: (oid, object) => publication.offer(oid, object),
      abandon: () => publication.abandon(),
      finish() {
        const published = publication.finish()
        writeCurrent(target.directory, source.commit)
        return published
      },
    }
  },

  current: (target) => (isDirectory(target.directory) ? directoryLayout(target) : undefined),

  base: (_target, current) => current,

  inspect(target, depth) {
    const layout = directoryPublisher.current(target)
    if (!layout) return NOTHING
    removeBelow(layout.base, path.join(ownDirectory(target.directory), 'incoming'))
    const record = verify(layout, depth)
    if (!record) return NOTHING
    const foreign = removeForeignIfAsked(target, layout, record, depth)
    // As after an interruption right before its end.
    if (record.isTrusted) {
      tolerating(UNWRITABLE, () => writeCurrent(target.directory, record.snapshot.commit))
    }
    return inspectionOf(layout.root, record, { isShown: true, foreign })
  },

  tidy(target) {
    // What was published in the other way is still what readers see.
    if (statusOf(target.directory)?.isSymbolicLink()) return undefined
    const unused = stateOf(target, 'symlink')
    if (unused !== undefined) removeAll(unused)
    const { worktrees } = linkLayout(target)
    if (exists(worktrees)) {
      removeBelow(path.dirname(target.directory), worktrees)
      removeIfEmpty(toBytePath(path.dirname(worktrees)))
    }
    return undefined
  },

  leaseFiles(target) {
    const inside = path.join(ownDirectory(target.directory), LEASE_FILE)
    const links = linkLayout(target)
    const beside = path.join(links.worktrees, LEASE_FILE)
    const existing = statusOf(target.directory)
    // What a symlink leads to is not to be written; what made way for one is to return.
    const isAbsent = existing === undefined && !exists(asideOf(links))
    return isAbsent || existing?.isDirectory() ? [inside, beside] : [beside, undefined]
  },

  incomingDirectory(target) {
    // What a symlink leads to is not to be written.
    const isLink = statusOf(target.directory)?.isSymbolicLink()
    const parent = isLink ? linkLayout(target).worktrees : ownDirectory(target.directory)
    return path.join(parent, 'incoming')
  },
}

function beginUpdate(
  target: Target,
  source: CommitSource,
  checkpoint: () => void,
  base: RecordedDirectory | undefined,
): Publication {
  assertReplaceable(target, () => linkedCommit(linkLayout(target)) !== undefined)
  const existing = statusOf(target.directory)
  if (existing && !existing.isDirectory()) return replaceLink(target, source, checkpoint)
  return new DirectoryUpdate(directoryLayout(target), source, checkpoint, base?.record)
}
