// Where repositories go that somebody worked in, when the place that they are in is wanted for others,
// or goes. Nothing is removed there.
import path from 'node:path'
import type { HistoryLayout } from './layout.js'

/** The directory of a repository that holds what is kept. */
export const KEPT_MODULES = 'kept-modules'

/** Moves a repository to where it is kept, by this name or the next free one; returns the place. */
export function moveToKept(
  { repository, volume }: HistoryLayout,
  from: string,
  name: string,
): string {
  const wanted = path.join(repository, KEPT_MODULES, name)
  let kept = wanted
  for (let count = 1; volume.stat(kept); count++) kept = `${wanted}.${count}`
  volume.ensureDirectory(path.dirname(kept))
  volume.rename(from, kept)
  return kept
}
