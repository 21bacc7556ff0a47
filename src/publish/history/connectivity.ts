// Whether a repository has all that it takes to show the published commit: its trees, and their blobs.
// Somebody may have removed packs, or a disk lost them, which else only git would tell.
import { MODE } from '../../git/tree.js'
import { bodiesIn } from '../snapshot/origin.js'
import type { Snapshot } from '../snapshot/snapshot.js'
import { cursorOf } from '../tree/tree-places.js'
import type { RepositoryObjects } from './objects.js'

/** Looks for each object once; of a history that was filtered, for trees only. */
export function isConnected(
  { history, origin, trees }: Snapshot,
  objects: RepositoryObjects,
  checkpoint: () => void,
): boolean {
  const root = origin?.source ?? trees[0]?.oid
  if (root === undefined) return true
  const bodies = bodiesIn({ trees, origin })
  const seen = new Set([root])
  for (const oid of seen) {
    checkpoint()
    const body = bodies.get(oid)
    if (!objects.has(oid)) return false
    for (const entry = body && cursorOf({ oid, body }); entry?.next(); ) {
      if (entry.mode === MODE.tree) seen.add(entry.oid)
      else if (entry.mode === MODE.gitlink || history?.filter !== undefined) continue
      else if (!objects.has(entry.oid)) return false
    }
  }
  return true
}
