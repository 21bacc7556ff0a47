// State that somebody else could have written is not believed: it is removed, and what is on disk
// is looked at instead. Worktrees are no state: what they hold is compared before it counts.
import { randomUUID } from 'node:crypto'
import type { Stats } from 'node:fs'
import path from 'node:path'
import { isOid } from '../git/oid.js'
import { displayPath, joinBytePath, toBytePath, toFsPath } from '../volume/byte-path.js'
import { NOT_REMOVABLE, tolerating } from '../volume/errnos.js'
import { rename } from '../volume/files.js'
import { ownershipIn } from '../volume/ownership.js'
import { removeTree } from '../volume/remove-tree.js'
import { makeDirectory, namesAt, statIfPresent } from '../volume/volume.js'
import { linkLayout, ownDirectory, stateOf } from './layout.js'
import type { Target } from './target.js'

/** A directory with state, as a byte path; and what in it is none, and stays. */
interface StateDirectory {
  directory: string
  isKept: (name: string, stat: Stats) => boolean
}

/** Removes what others could have written where the state of a target is, and tells of it. */
export function setForeignStateAside(target: Target): void {
  for (const state of stateDirectoriesOf(target)) {
    const stat = statIfPresent(state.directory)
    if (!stat?.isDirectory()) continue
    const isOurs = ownershipIn(state.directory)
    if (isOurs(stat)) removeForeign(state, isOurs, target)
    else {
      replaceDirectory(state)
      tell(target, state.directory, stat)
    }
  }
}

/** Each before what lies in it. */
function* stateDirectoriesOf(target: Target): Generator<StateDirectory> {
  const { worktrees } = linkLayout(target)
  const none = () => false
  // One for each entry of the directory above.
  const isDirectory = (_name: string, stat: Stats) => stat.isDirectory()
  const isWorktree = (name: string, stat: Stats) => stat.isDirectory() && isOid(name)
  yield { directory: toBytePath(path.dirname(worktrees)), isKept: isDirectory }
  // What makes way while the mode changes is somebody's content, too.
  const isContent = (name: string, stat: Stats) => isWorktree(name, stat) || name === 'directory'
  yield { directory: toBytePath(worktrees), isKept: isContent }
  if (statIfPresent(toBytePath(target.directory))?.isDirectory()) {
    yield { directory: toBytePath(ownDirectory(target.directory)), isKept: none }
  }
  const state = stateOf(target, target.mode)
  if (state === undefined) return
  yield { directory: toBytePath(path.dirname(state)), isKept: none }
  yield { directory: toBytePath(state), isKept: none }
}

function removeForeign(
  { directory, isKept }: StateDirectory,
  isOurs: (stat: Stats) => boolean,
  target: Target,
): void {
  for (const name of namesAt(directory)) {
    const at = joinBytePath(directory, name)
    const stat = statIfPresent(at)
    if (!stat || isOurs(stat) || isKept(name, stat)) continue
    removeTree(at)
    tell(target, at, stat)
  }
}

/** By one of our own, where something in it stays. */
function replaceDirectory({ directory, isKept }: StateDirectory): void {
  const [old, fresh] = [`${directory}.${randomUUID()}`, `${directory}.${randomUUID()}`]
  const kept = namesAt(directory).filter((name) => {
    const stat = statIfPresent(joinBytePath(directory, name))
    return stat !== undefined && isKept(name, stat)
  })
  if (kept.length > 0) makeDirectory(fresh)
  for (const name of kept) {
    rename(toFsPath(joinBytePath(directory, name)), toFsPath(joinBytePath(fresh, name)))
  }
  rename(toFsPath(directory), toFsPath(old))
  if (kept.length > 0) rename(toFsPath(fresh), toFsPath(directory))
  // What cannot be removed is in nobody's way.
  tolerating(NOT_REMOVABLE, () => removeTree(old))
}

function tell({ onSetAside }: Target, bytePath: string, { mode, uid }: Stats): void {
  const permissions = (mode & 0o777).toString(8)
  const reason = `user ${uid} owns it, with the permissions ${permissions}, and could have written it`
  onSetAside?.({ path: displayPath(bytePath), reason })
}
