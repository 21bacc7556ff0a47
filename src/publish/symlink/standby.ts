// The standby of a symlink: a second worktree, of an earlier commit or a copy of the one
// in use, that shares its unchanged files unless they are to be its own. The next change is written
// to the standby, so that it costs what changed and not what the tree weighs.
import { MODE } from '../../git/tree.js'
import { joinBytePath, parentOf } from '../../volume/byte-path.js'
import { NO_LINK, tolerating } from '../../volume/errnos.js'
import type { Volume } from '../../volume/volume.js'
import { holdsNothingElse } from '../drift/comparison.js'
import { removeCheckout } from '../history/directory.js'
import { type Snapshot, STAT_FIELDS, statFields } from '../snapshot/snapshot.js'
import {
  adoptStaged,
  cloneSnapshot,
  type PublishedRecord,
  stageSnapshot,
} from '../snapshot/store.js'
import { copyFile, permissionsOf } from '../stage/create-file.js'
import { type DirectoryLayout, type LinkLayout, worktreeLayout } from '../target.js'
import { filesOf } from '../tree/file-runs.js'
import type { TreeFile } from '../tree/tree-places.js'
import { recheck, recover, verify } from '../update/record.js'

const STANDBY = 'standby'

/** What is in the standby, if there is one of which nothing bad is known. */
export function takeStandby(links: LinkLayout): PublishedRecord | undefined {
  const layout = worktreeLayout(links, STANDBY)
  const record = links.volume.stat(layout.root) ? recover(layout) : undefined
  if (!record?.isTrusted) return undefined
  // One from before files were to be its own.
  return links.ownFiles && sharesFiles(layout, record.snapshot) ? undefined : record
}

/** The standby while it turns into another worktree. */
export function growingStandby(links: LinkLayout, worktree: DirectoryLayout): DirectoryLayout {
  const { repository, root: finalRoot } = worktree
  return { ...worktreeLayout(links, STANDBY), finalRoot, ...(repository && { repository }) }
}

/** Makes the standby another worktree. */
export function promoteStandby(links: LinkLayout, worktree: DirectoryLayout): void {
  promote(worktreeLayout(links, STANDBY), worktree)
}

/** Looks at every file of the standby; returns whether it is fit, else there is none any more. */
export function verifyStandby(links: LinkLayout): boolean {
  if (recordIfFit(worktreeLayout(links, STANDBY))) return true
  removeStandby(links)
  return false
}

/**
 * Marks the standby, as files that it may share were changed: nothing is built on it before it is
 * looked at.
 */
export function recheckStandby(links: LinkLayout): void {
  recheck(worktreeLayout(links, STANDBY))
}

/** Turns a worktree that is used no more into the standby; returns whether it is fit for it. */
export function retire(links: LinkLayout, name: string): boolean {
  const worktree = worktreeLayout(links, name)
  const record = recordIfFit(worktree)
  if (!record) return false
  removeStandby(links)
  removeCheckout(worktree, record.snapshot)
  promote(worktree, worktreeLayout(links, STANDBY))
  return true
}

/** Gives a worktree another name. Its state goes first: a root without state is never trusted. */
function promote(from: DirectoryLayout, to: DirectoryLayout): void {
  const { volume } = to
  volume.removeAll(to.stateDirectory)
  volume.rename(from.stateDirectory, to.stateDirectory)
  volume.rename(from.root, to.root)
}

/** Makes a standby from a worktree in use: hard links, or copies where none can or may be made. */
export function createStandby(links: LinkLayout, name: string, checkpoint: () => void): void {
  const source = worktreeLayout(links, name)
  const record = recover(source)
  if (!record?.isTrusted) return
  removeStandby(links)
  let isWhole = false
  try {
    isWhole = cloneWorktree(source, record.snapshot, links, checkpoint)
  } finally {
    if (!isWhole) removeStandby(links)
  }
}

/** Whether a file has another name, which may be one in a published worktree. */
function sharesFiles({ root, volume }: DirectoryLayout, snapshot: Snapshot): boolean {
  for (const { mode, path } of filesOf(snapshot)) {
    if (mode === MODE.gitlink) continue
    if ((volume.stat(joinBytePath(root, path))?.nlink ?? 1) > 1) return true
  }
  return false
}

/** Of a worktree that is whole and holds nothing else: all that is in it would be published. */
function recordIfFit(worktree: DirectoryLayout): PublishedRecord | undefined {
  const record = verify(worktree)
  return record?.isTrusted && holdsNothingElse(worktree, record.snapshot) ? record : undefined
}

function removeStandby(links: LinkLayout): void {
  for (const name of [STANDBY, `${STANDBY}.new`]) {
    const { volume, root, stateDirectory } = worktreeLayout(links, name)
    volume.removeAll(stateDirectory)
    volume.removeAll(root)
  }
}

/** Returns whether every file was what the snapshot remembers. */
function cloneWorktree(
  source: DirectoryLayout,
  snapshot: Snapshot,
  links: LinkLayout,
  checkpoint: () => void,
): boolean {
  const growing = worktreeLayout(links, `${STANDBY}.new`)
  links.volume.makeDirectory(growing.root)
  const stats = cloneFiles(links, source.root, growing.root, snapshot, checkpoint)
  if (!stats) return false
  links.volume.ensureDirectory(growing.stateDirectory)
  if (stats.every((value, at) => value === snapshot.stats[at])) {
    cloneSnapshot(source, growing)
  } else {
    stageSnapshot(growing, { ...snapshot, stats })
    adoptStaged(growing)
  }
  promote(growing, worktreeLayout(links, STANDBY))
  return true
}

/** Returns the status of every file; undefined where one is not what the snapshot remembers. */
function cloneFiles(
  links: LinkLayout,
  from: string,
  to: string,
  snapshot: Snapshot,
  checkpoint: () => void,
): Float64Array | undefined {
  const { volume } = links
  const stats = snapshot.stats.slice()
  const directories = new Set<string>([''])
  for (const file of filesOf(snapshot)) {
    checkpoint()
    makeDirectories(volume, parentOf(file.path), to, directories)
    if (file.mode === MODE.gitlink) {
      makeDirectories(volume, file.path, to, directories)
      continue
    }
    const status = cloneFile(links, file, from, to, snapshot)
    if (!status) return undefined
    stats.set(status, file.index * STAT_FIELDS)
  }
  return stats
}

function cloneFile(
  { ownFiles, volume }: LinkLayout,
  { path: file, index, mode }: TreeFile,
  from: string,
  to: string,
  { stats }: Snapshot,
): ArrayLike<number> | undefined {
  const [source, target] = [joinBytePath(from, file), joinBytePath(to, file)]
  const remembered = stats.subarray(index * STAT_FIELDS, (index + 1) * STAT_FIELDS)
  const isUnchanged = () => fieldsOf(source)?.every((value, at) => value === remembered[at])
  const fieldsOf = (path: string) => {
    const stat = volume.stat(path)
    return stat && statFields(stat)
  }
  if (!isUnchanged()) return undefined
  const share = () => volume.link(source, target)
  if (!ownFiles && tolerating(NO_LINK, share)) return remembered
  if (mode === MODE.symlink) volume.symlink(volume.readLink(source), target)
  else copyFile(volume, volume.open(source), target, permissionsOf(mode))
  // What changed while it was copied is no copy.
  return isUnchanged() ? fieldsOf(target) : undefined
}

function makeDirectories(volume: Volume, directory: string, root: string, made: Set<string>): void {
  if (made.has(directory)) return
  makeDirectories(volume, parentOf(directory), root, made)
  volume.makeDirectory(joinBytePath(root, directory))
  made.add(directory)
}
