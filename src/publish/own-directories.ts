// What others put in the place of what is this service's own. Its directories are directories:
// nothing is read, written or removed through anything else, nor outside ROOT. State that somebody
// else could have written is not believed: it is removed, and what is on disk is looked at instead.
// Worktrees are no state: what they hold is compared before it counts.
import { randomUUID } from 'node:crypto'
import type { Stats } from 'node:fs'
import path from 'node:path'
import { errnoOf } from '../base/errno.js'
import { SyncError } from '../base/errors.js'
import { isWithin } from '../base/paths.js'
import { displayPath, joinBytePath, toBytePath } from '../volume/byte-path.js'
import { MOUNTED, NOT_REMOVABLE, tolerating } from '../volume/errnos.js'
import { ownershipIn } from '../volume/ownership.js'
import { realDirectorySync } from '../volume/real-path.js'
import type { Volume } from '../volume/volume.js'
import { assertLease } from './lease/lease.js'
import {
  asideOf,
  baseOf,
  type HeldTarget,
  isWorktreeName,
  linkLayout,
  ownDirectory,
  stateOf,
  type Target,
} from './target.js'

/**
 * Throws `path-blocked` where a symlink or a file stands in place of a directory of this service and
 * may not be moved aside, or where a symlink above leads out of ROOT; `lease-lost` where they are
 * another instance's now.
 */
export function assertOwnDirectories(
  target: HeldTarget,
  directories: (target: HeldTarget) => Iterable<string> = ownDirectoriesOf,
): void {
  assertLease(target.lease)
  assertInRoot(target)
  // Below a file nothing can be.
  tolerating(['ENOENT'], () => target.volume.directory(path.dirname(target.path)))
  let absent: string | undefined
  for (const directory of directories(target)) {
    if (absent !== undefined && directory.startsWith(`${absent}/`)) continue
    const stat = target.volume.stat(directory)
    if (stat?.isDirectory()) continue
    if (stat) assertMovedAside(target, directory, () => notOurs(directory, stat.isSymbolicLink()))
    absent = directory
  }
  setForeignStateAside(target)
}

/** Symlinks come and go after the listing was read. */
function assertInRoot(target: HeldTarget): void {
  const { directory, path: published, root, volume } = target
  if (root === undefined) return
  // Not looked up again, as it could be another by then.
  const below = path.relative(toBytePath(baseOf(target)), published)
  const place = displayPath(joinBytePath(volume.realBase, below))
  if (isWithin(realDirectorySync(root), place)) return
  throw new SyncError(
    'path-blocked',
    `${directory} leads to ${place} through a symlink, outside ROOT (${root}); remove the symlink, then the sync goes on by itself`,
  )
}

/** Those that a lease is in: before it is held, nothing else is moved aside. */
export function* leaseDirectoriesOf(target: HeldTarget): Generator<string> {
  const { workshop } = linkLayout(target)
  yield path.dirname(workshop)
  yield workshop
  if (target.volume.isDirectory(target.path)) yield ownDirectory(target.path)
}

/** Each before what lies in it. */
function* ownDirectoriesOf(target: HeldTarget): Generator<string> {
  const { repository, workshop, worktrees } = linkLayout(target)
  const aside = asideOf(linkLayout(target))
  yield* leaseDirectoriesOf(target)
  yield worktrees
  if (target.movesAside) yield repository
  yield path.join(workshop, 'incoming')
  yield aside
  yield ownDirectory(aside)
  // Not behind a published symlink: what lies there is a worktree's content.
  if (!target.volume.isDirectory(target.path)) return
  const own = ownDirectory(target.path)
  yield path.join(own, 'staging')
  yield path.join(own, 'incoming')
  // A link takes the place of the directory with all that is in it.
  if (target.movesAside && target.mode === 'in-place') yield path.join(target.path, '.git')
}

function notOurs(directory: string, isLink: boolean): SyncError {
  return new SyncError(
    'path-blocked',
    `${displayPath(directory)} is a ${isLink ? 'symlink' : 'file'}, where this service keeps a directory of its own; remove it, then the sync goes on by itself`,
  )
}

/** A directory with state, as a byte path; and what in it is none, and stays. */
interface StateDirectory {
  directory: string
  isKept: (name: string, stat: Stats) => boolean
}

/** Removes what others could have written where the state of a target is, and tells of it. */
function setForeignStateAside(target: HeldTarget): void {
  const { volume } = target
  for (const state of stateDirectoriesOf(target)) {
    const stat = volume.stat(state.directory)
    if (!stat?.isDirectory()) continue
    const isOurs = ownershipIn(volume, state.directory)
    if (isOurs(stat)) removeForeign(state, isOurs, target)
    else {
      replaceDirectory(volume, state)
      tell(target, state.directory, stat)
    }
  }
}

/** Each before what lies in it. */
function* stateDirectoriesOf(target: HeldTarget): Generator<StateDirectory> {
  const { workshop } = linkLayout(target)
  const none = () => false
  // One for each entry of the directory above.
  const isDirectory = (_name: string, stat: Stats) => stat.isDirectory()
  const isWorktree = (name: string, stat: Stats) => stat.isDirectory() && isWorktreeName(name)
  yield { directory: path.dirname(workshop), isKept: isDirectory }
  // What makes way while the mode changes is somebody's content, too.
  const isContent = (name: string, stat: Stats) => isWorktree(name, stat) || name === 'directory'
  yield { directory: workshop, isKept: isContent }
  if (target.volume.isDirectory(target.path)) {
    yield { directory: ownDirectory(target.path), isKept: none }
  }
  const state = stateOf(target, target.mode)
  if (state === undefined) return
  yield { directory: path.dirname(state), isKept: none }
  yield { directory: state, isKept: none }
}

function removeForeign(
  { directory, isKept }: StateDirectory,
  isOurs: (stat: Stats) => boolean,
  target: HeldTarget,
): void {
  const { volume } = target
  for (const name of volume.names(directory)) {
    const at = joinBytePath(directory, name)
    const stat = volume.stat(at)
    if (!stat || isOurs(stat) || isKept(name, stat)) continue
    volume.removeAll(at)
    tell(target, at, stat)
  }
}

/** By one of our own, where something in it stays. */
function replaceDirectory(volume: Volume, { directory, isKept }: StateDirectory): void {
  const [old, fresh] = [`${directory}.${randomUUID()}`, `${directory}.${randomUUID()}`]
  const kept = volume.names(directory).filter((name) => {
    const stat = volume.stat(joinBytePath(directory, name))
    return stat !== undefined && isKept(name, stat)
  })
  if (kept.length > 0) volume.makeDirectory(fresh)
  for (const name of kept) {
    volume.rename(joinBytePath(directory, name), joinBytePath(fresh, name))
  }
  volume.rename(directory, old)
  if (kept.length > 0) volume.rename(fresh, directory)
  // What cannot be removed is in nobody's way.
  tolerating(NOT_REMOVABLE, () => volume.removeAll(old))
}

function tell({ onSetAside }: Target, bytePath: string, { mode, uid }: Stats): void {
  const permissions = (mode & 0o777).toString(8)
  const reason = `user ${uid} owns it, with the permissions ${permissions}, and could have written it`
  onSetAside?.({ kind: 'state', path: displayPath(bytePath), reason })
}

/**
 * Why what stands at the published path may not go: a file of others, or a symlink that
 * `isReplaceable` denies. Throws that where it may not be moved aside, either.
 */
export function assertReplaceable(
  target: HeldTarget,
  isReplaceable: () => boolean,
): SyncError | undefined {
  const { movesAside, path: published, volume, wasPublished } = target
  const existing = volume.stat(published)
  if (!existing || existing.isDirectory()) return undefined
  const isLink = existing.isSymbolicLink()
  if (isLink ? wasPublished || isReplaceable() : wasPublished && !movesAside) return undefined
  const what = isLink ? 'is a symlink that this service did not make' : 'is a file'
  const refusal = pathBlocked(target, what)
  if (!movesAside) throw refusal
  return refusal
}

/** Moves what is in the way to a name beside it; throws what `refusal` makes where that is not to be. */
function assertMovedAside(
  { movesAside, onSetAside, volume }: HeldTarget,
  inTheWay: string,
  refusal: () => SyncError,
): void {
  if (!movesAside) throw refusal()
  const aside = `${inTheWay}.moved-aside-${randomUUID().slice(0, 8)}`
  try {
    volume.rename(inTheWay, aside)
  } catch (error) {
    throw MOUNTED.includes(errnoOf(error)) ? refusal() : error
  }
  const reason = `it is ${displayPath(path.basename(aside))} now: remove it, if nobody needs it`
  onSetAside?.({ kind: 'obstacle', path: displayPath(inTheWay), reason })
}

/** Moves what stands at the published path aside, where there is a reason; returns whether it did. */
export function makeWay(target: HeldTarget, refusal: SyncError | undefined): boolean {
  if (!refusal) return false
  assertMovedAside(target, target.path, () => refusal)
  return true
}

/** Runs a change for which something made way; where it fails, that is put back. */
export function puttingBack<T>(target: HeldTarget, change: () => T): T {
  try {
    return change()
  } catch (error) {
    try {
      putBack(target)
    } catch {
      // What went wrong first is what counts; the next look puts it back.
    }
    throw error
  }
}

/** Undoes half a change from one mode to the other: what made way for it returns. */
export function putBack(target: HeldTarget): void {
  const { path: published, volume } = target
  if (volume.stat(published)) return
  const aside = asideOf(linkLayout(target))
  if (volume.stat(aside)) volume.rename(aside, published)
}

/** What stands at the published path, and must be moved away. */
export function pathBlocked({ directory }: Target, what: string): SyncError {
  return new SyncError(
    'path-blocked',
    `${directory} ${what}; move it away, then the sync goes on by itself`,
  )
}
