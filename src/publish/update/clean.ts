// Removes what this service did not write: for entries that ask for it. Never its own
// directory, never a repository that it made, in which somebody may have worked since, never through a symlink, never a mount point or anything on one, and not the
// directory that file systems keep at their root.
import { displayPath, joinBytePath, toBytePath } from '../../volume/byte-path.js'
import { NO_FILE, readUnless } from '../../volume/errnos.js'
import { mountPointsBelow } from '../../volume/mount-points.js'
import { OWN_DIRECTORY } from '../../volume/own-directory.js'
import type { Volume } from '../../volume/volume.js'
import { ownPaths } from '../drift/comparison.js'
import { type FirstPaths, MAX_PATHS } from '../drift/inspection.js'
import { directoryHistory, GIT } from '../history/layout.js'
import { wasMadeHere } from '../history/refs.js'
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
  { root, volume }: Pick<DirectoryLayout, 'root' | 'volume'>,
  { drifted, snapshot }: Pick<PublishedRecord, 'drifted' | 'snapshot'>,
  stop: () => void = () => undefined,
): FirstPaths | undefined {
  if (!clean || !drifted) return undefined
  assertLease(lease)
  const assertStillHeld = leaseGuard(lease)
  const kept = stateRoot === undefined ? undefined : toBytePath(stateRoot)
  const own = ownPaths(snapshot)
  const isOwn = ownOnVolume(own, root, volume)
  const isMountPoint = mountPointsBelow(displayPath(root))
  const repository = directoryHistory({ root, volume })
  const removed: FirstPaths = { count: 0, paths: [] }

  function count(path: string): void {
    removed.count++
    if (removed.paths.length < MAX_PATHS) removed.paths.push(displayPath(path))
  }

  function clear(directory: string): void {
    const entries = readUnless(NO_FILE, () => volume.entries(joinBytePath(root, directory)))
    // Where it went, or something else took its place, the next time tells.
    for (const entry of entries ?? []) {
      stop()
      assertStillHeld()
      const path = joinBytePath(directory, entry.name)
      const full = joinBytePath(root, path)
      if (!entry.isDirectory()) {
        if (!isOwn(path) && volume.removeOne(full)) count(path)
        continue
      }
      if (entry.name === OWN_DIRECTORY || full === kept || isMountPoint(path)) continue
      if (path === GIT && (snapshot.history || wasMadeHere(repository))) continue
      if (path === LOST_AND_FOUND && !own.has(path) && isMountPoint('')) continue
      clear(path)
      if (!isOwn(path)) volume.removeIfEmpty(full)
    }
  }

  clear('')
  return removed.count > 0 ? removed : undefined
}

/** Answers whether a path is one of these, by whatever name the volume shows it. */
function ownOnVolume(
  own: ReadonlySet<string>,
  root: string,
  volume: Volume,
): (path: string) => boolean {
  let byFolded: Map<string, string> | undefined
  return (path) => {
    if (own.has(path)) return true
    byFolded ??= new Map([...own].map((name) => [foldPath(name), name]))
    const alike = byFolded.get(foldPath(path))
    if (alike === undefined) return false
    return volume.isSameFile(joinBytePath(root, path), joinBytePath(root, alike))
  }
}
