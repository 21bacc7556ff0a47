// Publishes in place: the published path is a plain directory, of which only the files that differ
// are touched.
import path from 'node:path'
import type { Oid } from '../../git/oid.js'
import { toBytePath } from '../../volume/byte-path.js'
import { tolerating, UNWRITABLE } from '../../volume/errnos.js'
import {
  exists,
  isDirectory,
  readFile,
  removeAll,
  removeBelow,
  rename,
  replaceFile,
  statusOf,
  unlink,
} from '../../volume/files.js'
import { ensureDirectory, removeIfEmpty } from '../../volume/volume.js'
import { inspectionOf, NOTHING } from '../drift/inspection.js'
import type { RecordedDirectory } from '../drift/published-tree.js'
import { assertLease, LEASE_FILE } from '../lease/lease.js'
import { assertReplaceable, puttingBack } from '../own-directories.js'
import type { CommitSource, Publication, Publisher } from '../publisher.js'
import {
  asideOf,
  directoryLayout,
  linkedCommit,
  linkLayout,
  ownDirectory,
  stateOf,
  type Target,
} from '../target.js'
import { removeForeign } from '../update/clean.js'
import { forget, verify } from '../update/record.js'
import { DirectoryUpdate } from '../update/update.js'

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
    const foreign = removeForeign(target, layout, record, depth.checkpoint)
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

const MAX_CURRENT_BYTES = 4096

/** Says which commit is in place in the directory `root`, unless that is said already. */
function writeCurrent(root: string, commit: Oid): void {
  const file = path.join(ownDirectory(root), 'current')
  const text = `${commit}\n`
  if (readFile(file, MAX_CURRENT_BYTES)?.toString('latin1') === text) return
  ensureDirectory(path.dirname(file))
  replaceFile(file, text)
}

/** Starts to publish a commit to a directory that replaces a symlink or a file in the end. */
function replaceLink(target: Target, source: CommitSource, checkpoint: () => void): Publication {
  const root = asideOf(linkLayout(target))
  const layout = directoryLayout(target, root)
  forget(layout)
  removeBelow(layout.base, root)
  const update = new DirectoryUpdate(layout, source, checkpoint)
  return {
    offer: (oid, object) => update.offer(oid, object),
    abandon: () => update.abandon(),
    finish() {
      const published = update.finish()
      assertLease(target.lease)
      return puttingBack(target, () => {
        unlink(target.directory)
        rename(root, target.directory)
        return published
      })
    },
  }
}
