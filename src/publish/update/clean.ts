// Removes what this service did not write: for entries that ask for it. Never its own
// directory, never through a symlink, never a mount point or anything on one, and not the
// directory that file systems keep at their root.
import { displayPath, joinBytePath, toBytePath } from '../../volume/byte-path.js'
import { type HeldDirectories, holding } from '../../volume/held-directories.js'
import { mountPointsBelow } from '../../volume/mount-points.js'
import { OWN_DIRECTORY } from '../../volume/own-directory.js'
import { entriesIn, isSameFile, removeIfEmpty, removeOne } from '../../volume/volume.js'
import { ownPaths } from '../drift/comparison.js'
import { type FirstPaths, MAX_PATHS } from '../drift/inspection.js'
import { assertLease, leaseGuard } from '../lease/lease.js'
import type { PublishedRecord } from '../snapshot/store.js'
import { foldPath } from '../stage/name-clash.js'
import type { DirectoryLayout, Target } from '../target.js'

const LOST_AND_FOUND = 'lost+found'

/**
 * Removes all that was not published from a directory of a target that asks for it, where it is
 * known what was, and names it; undefined where nothing went. `stop` throws when the work is to be
 * given up.
 */
export function removeForeign(
  { clean, lease, stateRoot }: Pick<Target, 'clean' | 'lease' | 'stateRoot'>,
  { base, root }: Pick<DirectoryLayout, 'base' | 'root'>,
  { drifted, snapshot }: Pick<PublishedRecord, 'drifted' | 'snapshot'>,
  stop: () => void = () => undefined,
): FirstPaths | undefined {
  if (!clean || !drifted) return undefined
  assertLease(lease)
  const assertStillHeld = leaseGuard(lease)
  const rootPath = toBytePath(root)
  const kept = stateRoot === undefined ? undefined : toBytePath(stateRoot)
  const own = ownPaths(snapshot)
  const isOwn = ownOnVolume(own, rootPath)
  const isMountPoint = mountPointsBelow(root)
  const removed: FirstPaths = { count: 0, paths: [] }

  function count(path: string): void {
    removed.count++
    if (removed.paths.length < MAX_PATHS) removed.paths.push(displayPath(path))
  }

  function clear(directory: string, held: HeldDirectories): void {
    const reached = held.directoryIfAny(joinBytePath(rootPath, directory))
    // It went, or something else took its place: the next time tells.
    if (reached === undefined) return
    for (const entry of entriesIn(reached)) {
      stop()
      assertStillHeld()
      const path = joinBytePath(directory, entry.name)
      const full = joinBytePath(rootPath, path)
      const remove = (removal: (reached: string) => boolean) => {
        const at = held.entryIfAny(full)
        return at !== undefined && removal(at)
      }
      if (!entry.isDirectory()) {
        if (!isOwn(path) && remove(removeOne)) count(path)
        continue
      }
      if (entry.name === OWN_DIRECTORY || full === kept || isMountPoint(path)) continue
      if (path === LOST_AND_FOUND && !own.has(path) && isMountPoint('')) continue
      clear(path, held)
      if (isOwn(path)) continue
      held.forget(full)
      remove(removeIfEmpty)
    }
  }

  holding(toBytePath(base), (held) => clear('', held))
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
