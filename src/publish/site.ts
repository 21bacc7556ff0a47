// Where everything that belongs to an entry's publication is: beside what is published,
// or, for its state, in a directory of its own.
import { createHash } from 'node:crypto'
import path from 'node:path'
import type { Place } from './place.js'
import type { WorktreePlace } from './worktree-place.js'

export type PublishMode = 'in-place' | 'symlink'

/** Where an entry is published, and how. */
export interface Site {
  /** Absolute. */
  directory: string
  mode: PublishMode
  /** Holds the state of all entries; undefined where it lives beside what is published. */
  stateDirectory: string | undefined
}

/** What this service names all that is its own. */
export const OWN_DIRECTORY = '.git-autosync'

/** What belongs to a directory that is published in place. */
export function ownDirectory(root: string): string {
  return path.join(root, OWN_DIRECTORY)
}

/** A site as a directory that is published in place; at `root` while it is built elsewhere. */
export function inPlace(site: Site, root = site.directory): Place {
  const own = ownDirectory(root)
  return {
    root,
    stateDirectory: stateOf(site, 'in-place') ?? own,
    stagingDirectory: path.join(own, 'staging'),
  }
}

/** A site as a symlink. */
export function worktreePlace(site: Site): WorktreePlace {
  const { dir, base } = path.parse(site.directory)
  const worktrees = path.join(dir, OWN_DIRECTORY, base)
  return { link: site.directory, worktrees, stateDirectory: stateOf(site, 'symlink') ?? worktrees }
}

/** A readable and unique folder in STATE_DIR for each directory and mode. */
export function stateOf(
  { directory, stateDirectory }: Site,
  mode: PublishMode,
): string | undefined {
  if (stateDirectory === undefined) return undefined
  const unique = createHash('sha256').update(directory).digest('hex').slice(0, 16)
  return path.join(stateDirectory, `${path.basename(directory).slice(0, 64)}-${unique}`, mode)
}

/** Where a directory is while a link takes its place, or while it is made to take a link's. */
export function asideOf({ worktrees }: WorktreePlace): string {
  return path.join(worktrees, 'directory')
}
