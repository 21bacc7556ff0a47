// Where everything that belongs to an entry's publication is: beside what is published,
// or, for its state, in a directory of its own.
import { createHash } from 'node:crypto'
import path from 'node:path'
import { OWN_DIRECTORY } from '../base/own-directory.js'
import type { Oid } from '../git/oid.js'
import type { Place } from './directory/record.js'
import type { Lease } from './lease/lease.js'
import type { WorktreePlace } from './symlink/worktree-place.js'

export type PublishMode = 'in-place' | 'symlink'

/** Where an entry is published, and how. */
export interface Site {
  /** Absolute. */
  directory: string
  mode: PublishMode
  /** Holds the state of all entries; undefined where it lives beside what is published. */
  stateDirectory: string | undefined
  /** The directory that no symlink on the way may lead out of; undefined where there is none. */
  root?: string | undefined
  /** Whether what others put there is removed. @default false */
  clean?: boolean
  /**
   * Whether this service published there since it started: a file or a symlink in place of that
   * was put there by others, and is replaced. @default false
   */
  wasPublished?: boolean
  /** The commit that was in place last, as far as this is known. */
  published?: Oid | undefined
  /** What keeps other instances away; undefined where none is kept. */
  lease?: Lease | undefined
  /** Where the volume is mounted that it was last found on, as a byte path, if that is known. */
  mountPoint?: string | undefined
}

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
    clean: site.clean,
    lease: site.lease,
  }
}

/** A site as a symlink. */
export function worktreePlace(site: Site): WorktreePlace {
  const { dir, base } = path.parse(site.directory)
  const worktrees = path.join(dir, OWN_DIRECTORY, base)
  const stateDirectory = stateOf(site, 'symlink') ?? worktrees
  return { link: site.directory, worktrees, stateDirectory, lease: site.lease }
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
