// The standby of a symlink: a second worktree, of an earlier commit or a copy of the one
// in use, that shares its unchanged files. The next change is written to the standby, so
// that it costs what changed and not what the tree weighs.
import { MODE } from '../../git/tree.js'
import { joinBytePath, parentOf, toBytePath, toFsPath } from '../../volume/byte-path.js'
import { NO_LINK, tolerating } from '../../volume/errnos.js'
import { exists, link, removeBelow, rename, symlink } from '../../volume/files.js'
import { ensureDirectory, makeDirectory, readLink, statIfPresent } from '../../volume/volume.js'
import { holdsNothingElse } from '../drift/comparison.js'
import type { RecordedDirectory } from '../drift/published-tree.js'
import { type Snapshot, STAT_FIELDS, statFields } from '../snapshot/snapshot.js'
import { adoptStaged, cloneSnapshot, stageSnapshot } from '../snapshot/store.js'
import { copyFile, permissionsOf } from '../stage/create-file.js'
import { type DirectoryLayout, type LinkLayout, worktreeLayout } from '../target.js'
import { filesOf, type TreeFile } from '../tree/tree-diff.js'
import { recheck, recover, verify } from '../update/record.js'

const STANDBY = 'standby'

/** The standby, if there is one of which nothing bad is known. */
export function takeStandby(links: LinkLayout): RecordedDirectory | undefined {
  const layout = worktreeLayout(links, STANDBY)
  const record = exists(layout.root) ? recover(layout) : undefined
  return record?.isTrusted ? { layout, record } : undefined
}

/** Looks at every file of the standby; returns whether it is fit, else there is none any more. */
export function verifyStandby(links: LinkLayout): boolean {
  if (isFit(worktreeLayout(links, STANDBY))) return true
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
  if (!isFit(worktree)) return false
  removeStandby(links)
  promote(worktree, worktreeLayout(links, STANDBY))
  return true
}

/** Gives a worktree another name. Its state goes first: a root without state is never trusted. */
export function promote(from: DirectoryLayout, to: DirectoryLayout): void {
  removeBelow(to.base, to.stateDirectory)
  rename(from.stateDirectory, to.stateDirectory)
  rename(from.root, to.root)
}

/** Makes a standby from a worktree in use: hard links, or copies where there are none. */
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

/** Whether a worktree is whole and holds nothing else: all that is in it would be published. */
function isFit(worktree: DirectoryLayout): boolean {
  const record = verify(worktree)
  return record?.isTrusted === true && holdsNothingElse(worktree.root, record.snapshot)
}

function removeStandby(links: LinkLayout): void {
  for (const name of [STANDBY, `${STANDBY}.new`]) {
    const { base, root, stateDirectory } = worktreeLayout(links, name)
    removeBelow(base, stateDirectory)
    removeBelow(base, root)
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
  makeDirectory(toBytePath(growing.root))
  const stats = cloneFiles(source.root, growing.root, snapshot, checkpoint)
  if (!stats) return false
  ensureDirectory(growing.stateDirectory)
  if (stats.every((value, at) => value === snapshot.stats[at])) {
    cloneSnapshot(source.stateDirectory, growing.stateDirectory)
  } else {
    stageSnapshot(growing.stateDirectory, { ...snapshot, stats })
    adoptStaged(growing.stateDirectory)
  }
  promote(growing, worktreeLayout(links, STANDBY))
  return true
}

/** Returns the status of every file; undefined where one is not what the snapshot remembers. */
function cloneFiles(
  from: string,
  to: string,
  snapshot: Snapshot,
  checkpoint: () => void,
): Float64Array | undefined {
  const stats = Float64Array.from(snapshot.stats)
  const directories = new Set<string>([''])
  for (const file of filesOf(snapshot)) {
    checkpoint()
    makeDirectories(parentOf(file.path), to, directories)
    if (file.mode === MODE.gitlink) {
      makeDirectories(file.path, to, directories)
      continue
    }
    const status = cloneFile(file, toBytePath(from), toBytePath(to), snapshot)
    if (!status) return undefined
    stats.set(status, file.index * STAT_FIELDS)
  }
  return stats
}

function cloneFile(
  { path: file, index, mode }: TreeFile,
  from: string,
  to: string,
  { stats }: Snapshot,
): number[] | undefined {
  const [source, target] = [joinBytePath(from, file), joinBytePath(to, file)]
  const remembered = stats.subarray(index * STAT_FIELDS, (index + 1) * STAT_FIELDS)
  const isUnchanged = () => statusOf(source)?.every((value, at) => value === remembered[at])
  if (!isUnchanged()) return undefined
  if (tolerating(NO_LINK, () => link(toFsPath(source), toFsPath(target)))) {
    return [...remembered]
  }
  if (mode === MODE.symlink) symlink(readLink(source), toFsPath(target))
  else copyFile(toFsPath(source), target, permissionsOf(mode))
  // What changed while it was copied is no copy.
  return isUnchanged() ? statusOf(target) : undefined
}

function statusOf(path: string): number[] | undefined {
  const stat = statIfPresent(path)
  return stat && statFields(stat)
}

function makeDirectories(directory: string, root: string, made: Set<string>): void {
  if (made.has(directory)) return
  makeDirectories(parentOf(directory), root, made)
  makeDirectory(joinBytePath(toBytePath(root), directory))
  made.add(directory)
}
