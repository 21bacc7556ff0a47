// Publishes in place: the published path is a plain directory, of which only the files that differ
// are touched.
import path from 'node:path'
import type { SyncError } from '../../base/errors.js'
import type { Oid } from '../../git/oid.js'
import { READ_ONLY, readUnless, tolerating, UNREADABLE, UNWRITABLE } from '../../volume/errnos.js'
import { OWN_DIRECTORY } from '../../volume/own-directory.js'
import { historyLook, inspectionOf, NOTHING } from '../drift/inspection.js'
import { findHistory } from '../history/directory.js'
import { directoryHistory, GIT } from '../history/layout.js'
import { removeWorktrees } from '../history/retire.js'
import { isUsable } from '../history/usable.js'
import { assertLease, LEASE_FILE } from '../lease/lease.js'
import { assertReplaceable, makeWay, puttingBack } from '../own-directories.js'
import type { Publisher } from '../publisher.js'
import {
  asideOf,
  type DirectoryLayout,
  directoryLayout,
  type HeldTarget,
  linkedWorktree,
  linkLayout,
  ownDirectory,
  stateOf,
} from '../target.js'
import { removeForeign } from '../update/clean.js'
import { type DirectoryContent, openContent } from '../update/directory-content.js'
import { forget, inspectRecord } from '../update/record.js'
import { DirectoryUpdate } from '../update/update.js'

/** Publishes a plain directory. */
export const directoryPublisher: Publisher = {
  open(target, { commit }, _checkpoint, record) {
    const blocked = () =>
      assertReplaceable(target, () => linkedWorktree(linkLayout(target)) !== undefined)
    blocked()
    const existing = target.volume.stat(target.path)
    const isReplaced = existing && !existing.isDirectory()
    const open = isReplaced ? openAside(target) : openContent(directoryLayout(target), record)
    const afterwards = () => {
      if (isReplaced) replace(target, open.layout, blocked)
      writeCurrent(target, commit)
    }
    return {
      begin: (source, checkpoint) => new DirectoryUpdate(open, source, checkpoint, afterwards),
    }
  },

  current: (target) =>
    target.volume.isDirectory(target.path) ? directoryLayout(target) : undefined,

  base: (_target, current) => current,

  inspect(target, depth) {
    const layout = directoryPublisher.current(target)
    if (!layout) return NOTHING
    const incoming = path.join(ownDirectory(layout.root), 'incoming')
    tolerating(READ_ONLY, () => layout.volume.removeAll(incoming))
    const record = inspectRecord(layout, depth)
    if (!record) return NOTHING
    const foreign = removeForeign(target, layout, record, depth.checkpoint)
    // As after an interruption right before its end.
    if (record.isTrusted) {
      tolerating(UNWRITABLE, () => writeCurrent(target, record.snapshot.commit))
    }
    const { drifted, snapshot } = record
    const find = () => findHistory(layout, snapshot, historyLook(depth))
    const history = drifted && readUnless(READ_ONLY, find)
    return inspectionOf(layout, record, { isShown: true, foreign, history })
  },

  tidy(target) {
    // What was published in the other way is still what readers see.
    const { volume } = target
    if (volume.stat(target.path)?.isSymbolicLink()) return undefined
    const unused = stateOf(target, 'symlink')
    if (unused !== undefined) volume.removeAll(unused)
    const links = linkLayout(target)
    const { workshop, worktrees } = links
    if (volume.stat(workshop) || worktrees !== workshop) {
      removeWorktrees(links, (path) => volume.removeAll(path))
      volume.removeIfEmpty(path.dirname(workshop))
    }
    return undefined
  },

  look(target) {
    const { path: root, volume } = target
    const names = readUnless(UNREADABLE, () => volume.names(root)) ?? []
    const current = readUnless(UNREADABLE, () =>
      volume.readFile(currentFile(root), MAX_CURRENT_BYTES),
    )
    const hasContent = names.some((name) => name !== GIT && name !== OWN_DIRECTORY)
    const hasRepository = isUsable(directoryHistory(directoryLayout(target)))
    return {
      commit: current?.toString('latin1').trim(),
      hasContent,
      hasRepository,
      isWhole: hasContent && hasRepository,
      outOfUse: [],
    }
  },

  leaseFiles(target) {
    const inside = path.join(ownDirectory(target.path), LEASE_FILE)
    const links = linkLayout(target)
    const beside = path.join(links.workshop, LEASE_FILE)
    const existing = target.volume.stat(target.path)
    // What a symlink leads to is not to be written; what made way for one is to return.
    const isAbsent = existing === undefined && !target.volume.stat(asideOf(links))
    return isAbsent || existing?.isDirectory() ? [inside, beside] : [beside, undefined]
  },

  history(target) {
    const existing = target.volume.stat(target.path)
    const isReplaced = existing && !existing.isDirectory()
    return directoryHistory(
      directoryLayout(target, isReplaced ? asideOf(linkLayout(target)) : target.path),
    )
  },

  incomingDirectory(target) {
    // What a symlink leads to is not to be written, and below a file nothing can be.
    const existing = target.volume.stat(target.path)
    const isOther = existing && !existing.isDirectory()
    const parent = isOther ? linkLayout(target).workshop : ownDirectory(target.path)
    return path.join(parent, 'incoming')
  },
}

const MAX_CURRENT_BYTES = 4096

/**
 * Says in `.git-autosync/current` which commit is in place, unless that is said already. It is a
 * sign for those who watch, too, as it is replaced after every file is in place.
 */
function writeCurrent({ path: root, volume }: HeldTarget, commit: Oid): void {
  const file = currentFile(root)
  const text = `${commit}\n`
  if (volume.readFile(file, MAX_CURRENT_BYTES)?.toString('latin1') === text) return
  volume.ensureDirectory(path.dirname(file))
  volume.replaceFile(file, text)
}

const currentFile = (root: string) => path.join(ownDirectory(root), 'current')

/** A directory that replaces a symlink or a file in the end: whatever is left in its place goes. */
function openAside(target: HeldTarget): DirectoryContent {
  const layout = directoryLayout(target, asideOf(linkLayout(target)))
  forget(layout)
  layout.volume.removeAll(layout.root)
  return openContent(layout)
}

/** Puts a directory that is whole in the place of a symlink or a file. */
function replace(
  target: HeldTarget,
  { root, volume }: DirectoryLayout,
  blocked: () => SyncError | undefined,
): void {
  assertLease(target.lease)
  puttingBack(target, () => {
    if (!makeWay(target, blocked())) volume.unlink(target.path)
    volume.rename(root, target.path)
  })
}
