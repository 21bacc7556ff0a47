// The standby of a symlink: a second worktree, of an earlier commit or a copy of the one
// in use, that shares its unchanged files. The next change is written to the standby, so
// that it costs what changed and not what the tree weighs.
import { MODE } from '../../git/tree.js'
import { joinBytePath, parentOf, toBytePath, toFsPath } from '../../volume/byte-path.js'
import { NO_LINK, tolerating } from '../../volume/errnos.js'
import { exists, link, removeAll, rename, symlink } from '../../volume/files.js'
import { ensureDirectory, makeDirectory, readLink, statIfPresent } from '../../volume/volume.js'
import { doubt, type Known, type Place, recover, verify } from '../directory/record.js'
import { filesOf, holdsNothingElse, statFields } from '../snapshot/comparison.js'
import { type Snapshot, STAT_FIELDS } from '../snapshot/snapshot.js'
import { adoptStaged, cloneSnapshot, stageSnapshot } from '../snapshot/store.js'
import { copyFile, permissionsOf } from '../stage/create-file.js'
import type { TreeFile } from '../tree/tree-diff.js'
import { type WorktreePlace, worktreeOf } from './worktree-place.js'

const STANDBY = 'standby'

/** A worktree that the next commit's can grow from. */
export interface Standby {
  place: Place
  known: Known
}

/** The standby, if there is one of which nothing bad is known. */
export function takeStandby(worktrees: WorktreePlace): Standby | undefined {
  const place = worktreeOf(worktrees, STANDBY)
  const known = exists(place.root) ? recover(place) : undefined
  return known?.isTrusted ? { place, known } : undefined
}

/** Looks at every file of the standby; returns whether it is fit, else there is none any more. */
export function verifyStandby(place: WorktreePlace): boolean {
  if (isFit(worktreeOf(place, STANDBY))) return true
  removeStandby(place)
  return false
}

/** Marks the standby, as files that it may share were changed: nothing is built on it then. */
export function distrustStandby(place: WorktreePlace): void {
  doubt(worktreeOf(place, STANDBY))
}

/** Turns a worktree that is used no more into the standby; returns whether it is fit for it. */
export function retire(place: WorktreePlace, name: string): boolean {
  const worktree = worktreeOf(place, name)
  if (!isFit(worktree)) return false
  removeStandby(place)
  promote(worktree, worktreeOf(place, STANDBY))
  return true
}

/** Gives a worktree another name. Its state goes first: a root without state is never trusted. */
export function promote(from: Place, to: Place): void {
  removeAll(to.stateDirectory)
  rename(from.stateDirectory, to.stateDirectory)
  rename(from.root, to.root)
}

/** Makes a standby from a worktree in use: hard links, or copies where there are none. */
export function createStandby(place: WorktreePlace, name: string, checkpoint: () => void): void {
  const source = worktreeOf(place, name)
  const known = recover(source)
  if (!known?.isTrusted) return
  removeStandby(place)
  let isWhole = false
  try {
    isWhole = cloneWorktree(source, known.snapshot, place, checkpoint)
  } finally {
    if (!isWhole) removeStandby(place)
  }
}

/** Whether a worktree is whole and holds nothing else: all that is in it would be published. */
function isFit(worktree: Place): boolean {
  const known = verify(worktree)
  return known?.isTrusted === true && holdsNothingElse(worktree.root, known.snapshot)
}

function removeStandby(place: WorktreePlace): void {
  for (const name of [STANDBY, `${STANDBY}.new`]) {
    const { root, stateDirectory } = worktreeOf(place, name)
    removeAll(stateDirectory)
    removeAll(root)
  }
}

/** Returns whether every file was what the snapshot remembers. */
function cloneWorktree(
  source: Place,
  snapshot: Snapshot,
  place: WorktreePlace,
  checkpoint: () => void,
): boolean {
  const growing = worktreeOf(place, `${STANDBY}.new`)
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
  promote(growing, worktreeOf(place, STANDBY))
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
