// Removes what this service did not write: for entries that ask for it. Never its own
// directory, never a repository that it made, in which somebody may have worked since, never through a symlink, never a mount point or anything on one, and not the
// directory that file systems keep at their root. What cannot be removed keeps nothing else from being
// done: it is told of, and stays.
import type { Dirent } from 'node:fs'
import { errnoOf } from '../../base/errno.js'
import { displayPath, joinBytePath, toBytePath } from '../../volume/byte-path.js'
import { NO_FILE, REFUSED, readUnless } from '../../volume/errnos.js'
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
 * given up. Throws what the volume says, but where it refuses to remove something.
 */
export function removeForeign(
  {
    clean,
    lease,
    onSetAside,
    stateRoot,
  }: Pick<Target, 'clean' | 'lease' | 'onSetAside' | 'stateRoot'>,
  { root, volume }: Pick<DirectoryLayout, 'root' | 'volume'>,
  { drifted, snapshot }: Pick<PublishedRecord, 'drifted' | 'snapshot'>,
  stop: () => void = () => undefined,
): FirstPaths | undefined {
  if (!clean || !drifted) return undefined
  assertLease(lease)
  const assertStillHeld = leaseGuard(lease)
  const state = stateRoot === undefined ? undefined : toBytePath(stateRoot)
  const own = ownPaths(snapshot)
  const isOwn = ownOnVolume(own, root, volume)
  const isMountPoint = mountPointsBelow(displayPath(root))
  const repository = directoryHistory({ root, volume })
  const removed: FirstPaths = { count: 0, paths: [] }
  let isTold = false

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
      orKeep(path, () => remove(entry, path))
    }
  }

  function remove(entry: Dirent, path: string): void {
    const full = joinBytePath(root, path)
    if (!entry.isDirectory()) {
      if (!isOwn(path) && volume.removeOne(full)) count(path)
      return
    }
    if (entry.name === OWN_DIRECTORY || full === state || isMountPoint(path)) return
    if (path === GIT && (snapshot.history || wasMadeHere(repository))) return
    if (path === LOST_AND_FOUND && !own.has(path) && isMountPoint('')) return
    clear(path)
    if (!isOwn(path)) volume.removeIfEmpty(full)
  }

  /** What is refused keeps nothing beside it from being removed. */
  function orKeep(path: string, work: () => void): void {
    try {
      work()
    } catch (error) {
      if (!(error instanceof Error) || !REFUSED.includes(errnoOf(error))) throw error
      volume.named(error)
      // The first tells enough.
      const kept = { kind: 'foreign', path: displayPath(joinBytePath(root, path)) } as const
      if (!isTold) onSetAside?.({ ...kept, reason: error.message })
      isTold = true
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
