// Removes what this service did not write: for entries that ask for it. Never its own
// directory, never through a symlink, never a mount point or anything on one, and not the
// directory that file systems keep at their root.
import { OWN_DIRECTORY } from '../../base/own-directory.js'
import { displayPath, joinBytePath, toBytePath } from '../../volume/byte-path.js'
import { mountPointsBelow } from '../../volume/mount-points.js'
import { entriesIn, isSameFile, removeIfEmpty, removeOne } from '../../volume/volume.js'
import { ownPaths } from '../snapshot/comparison.js'
import { type FirstPaths, MAX_PATHS } from '../snapshot/first-paths.js'
import type { Snapshot } from '../snapshot/snapshot.js'
import { foldPath } from '../stage/name-clash.js'

const LOST_AND_FOUND = 'lost+found'

export interface CleanOptions {
  /** A directory that stays, wherever it is. */
  stateDirectory: string | undefined
  /** Throws when the work is to be given up. */
  checkpoint: () => void
}

/** Removes all that a snapshot does not stand for, and names it; undefined where nothing went. */
export function removeForeign(
  root: string,
  snapshot: Snapshot,
  options: CleanOptions,
): FirstPaths | undefined {
  const { checkpoint, stateDirectory } = options
  const rootPath = toBytePath(root)
  const kept = stateDirectory === undefined ? undefined : toBytePath(stateDirectory)
  const own = ownPaths(snapshot)
  const isOwn = ownOnVolume(own, rootPath)
  const isMountPoint = mountPointsBelow(root)
  const removed: FirstPaths = { count: 0, paths: [] }

  function remove(path: string): void {
    if (!removeOne(joinBytePath(rootPath, path))) return
    removed.count++
    if (removed.paths.length < MAX_PATHS) removed.paths.push(displayPath(path))
  }

  function clear(directory: string): void {
    for (const entry of entriesIn(joinBytePath(rootPath, directory))) {
      checkpoint()
      const path = joinBytePath(directory, entry.name)
      const full = joinBytePath(rootPath, path)
      if (!entry.isDirectory()) {
        if (!isOwn(path)) remove(path)
        continue
      }
      if (entry.name === OWN_DIRECTORY || full === kept || isMountPoint(path)) continue
      if (path === LOST_AND_FOUND && !own.has(path) && isMountPoint('')) continue
      clear(path)
      if (!isOwn(path)) removeIfEmpty(full)
    }
  }

  clear('')
  return removed.count > 0 ? removed : undefined
}

/** Answers whether a path is one of these, by whatever name the volume shows it. */
function ownOnVolume(own: ReadonlySet<string>, root: string): (path: string) => boolean {
  let byFolded: Map<string, string> | undefined
  return (path) => {
    if (own.has(path)) return true
    byFolded ??= new Map([...own].map((name) => [foldPath(name), name]))
    const alike = byFolded.get(foldPath(path))
    return alike !== undefined && isSameFile(joinBytePath(root, path), joinBytePath(root, alike))
  }
}
