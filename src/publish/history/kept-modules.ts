// Where repositories go that somebody worked in, when the place that they are in is wanted for others,
// or goes. Nothing is removed there.
import path from 'node:path'
import type { RepositoryFiles } from './git-lock.js'
import type { HistoryLayout } from './layout.js'
import { writeSharedText } from './write-whole.js'

/** The directory of a repository that holds what is kept. */
export const KEPT_MODULES = 'kept-modules'

/** Moves a repository to where it is kept, by this name or the next free one; returns the place. */
export function moveToKept(
  { patience, repository, volume }: HistoryLayout,
  from: string,
  name: string,
): string {
  const wanted = path.join(repository, KEPT_MODULES, name)
  let kept = wanted
  for (let count = 1; volume.stat(kept); count++) kept = `${wanted}.${count}`
  volume.ensureDirectory(path.dirname(kept))
  volume.rename(from, kept)
  forgetFiles({ repository: kept, volume, patience })
  return kept
}

const MAX_CONFIG_BYTES = 1024 * 1024

/** Git would go to where its files were, and fail. */
function forgetFiles(place: RepositoryFiles): void {
  const { repository, volume } = place
  const file = path.join(repository, 'config')
  const text = volume.readFile(file, MAX_CONFIG_BYTES)?.toString('latin1') ?? ''
  const without = text.replace(/^(\[core\]\s*\n(?:[ \t]+.*\n)*?)[ \t]+worktree[ \t]*=.*\n/im, '$1')
  if (without !== text) writeSharedText(place, file, without)
}
