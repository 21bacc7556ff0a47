// Removes what this service did not write: for entries that ask for it. Never its own
// directory, never through a symlink, never a mount point or anything on one, and not the
// directory that file systems keep at their root.
import { readdirSync } from 'node:fs'
import { joinBytePath, toBytePath, toFsPath } from './byte-path.js'
import { mountPointsBelow } from './mount-points.js'
import { ownPaths } from './published-files.js'
import { OWN_DIRECTORY } from './site.js'
import type { Snapshot } from './snapshot.js'
import { removeIfEmpty, removeOne } from './volume.js'

const LOST_AND_FOUND = 'lost+found'

export interface CleanOptions {
  /** A directory that stays, wherever it is. */
  stateDirectory: string | undefined
  /** Throws when the work is to be given up. */
  checkpoint: () => void
}

/** Removes all that a snapshot does not stand for; returns how many files went. */
export function removeForeign(root: string, snapshot: Snapshot, options: CleanOptions): number {
  const { checkpoint, stateDirectory } = options
  const rootPath = toBytePath(root)
  const kept = stateDirectory === undefined ? undefined : toBytePath(stateDirectory)
  const own = ownPaths(snapshot)
  const isMountPoint = mountPointsBelow(root)
  let removed = 0

  function clear(directory: string): void {
    for (const entry of entriesOf(joinBytePath(rootPath, directory))) {
      checkpoint()
      const path = joinBytePath(directory, entry.name)
      const full = joinBytePath(rootPath, path)
      if (!entry.isDirectory()) {
        if (!own.has(path) && removeOne(full)) removed++
        continue
      }
      if (entry.name === OWN_DIRECTORY || full === kept || isMountPoint(path)) continue
      if (path === LOST_AND_FOUND && !own.has(path) && isMountPoint('')) continue
      clear(path)
      if (!own.has(path)) removeIfEmpty(full)
    }
  }

  clear('')
  return removed
}

function entriesOf(directory: string) {
  return readdirSync(toFsPath(directory), { withFileTypes: true, encoding: 'latin1' })
}
