// Where everything that belongs to a target is: beside what is published, or, for its state, in a
// directory of its own.
import { createHash } from 'node:crypto'
import path from 'node:path'
import { isOid, type Oid } from '../git/oid.js'
import { readLinkUnless } from '../volume/files.js'
import { OWN_DIRECTORY } from '../volume/own-directory.js'
import type { Lease } from './lease/lease.js'
import type { PublishMode, Target } from './target.js'

/** Where a directory and what belongs to it are. */
export interface DirectoryLayout {
  /** The directory that is trusted, below which all is held: that of the published path. Absolute. */
  base: string
  /** The directory that becomes equal to a tree. Absolute. */
  root: string
  /** Where the root is moved to later, if it is. */
  finalRoot?: string
  /** Holds the snapshot and the journal. */
  stateDirectory: string
  /** Where content is staged: on the volume of the root, and used for nothing else. */
  stagingDirectory: string
  /** Whether what others put there may go. @default false */
  clean?: boolean | undefined
  /** What keeps other instances away; undefined where none is kept. */
  lease?: Lease | undefined
  /** Told of what is not believed. */
  onSetAside?: Target['onSetAside']
}

/** Where a link and its worktrees are. */
export interface LinkLayout {
  /** The published symlink. Absolute. */
  link: string
  /** Holds the worktrees; on the volume of the link. */
  worktrees: string
  /** Holds the state directory of each worktree. */
  statesDirectory: string
  /** What keeps other instances away; undefined where none is kept. */
  lease?: Lease | undefined
}

/** What belongs to a directory that is published in place. */
export function ownDirectory(root: string): string {
  return path.join(root, OWN_DIRECTORY)
}

/** A target as a directory that is published in place; at `root` while it is built elsewhere. */
export function directoryLayout(target: Target, root = target.directory): DirectoryLayout {
  const own = ownDirectory(root)
  return {
    base: path.dirname(target.directory),
    root,
    stateDirectory: stateOf(target, 'in-place') ?? own,
    stagingDirectory: path.join(own, 'staging'),
    clean: target.clean,
    lease: target.lease,
    ...(target.onSetAside ? { onSetAside: target.onSetAside } : {}),
  }
}

/** A target as a symlink. */
export function linkLayout(target: Target): LinkLayout {
  const { dir, base } = path.parse(target.directory)
  const worktrees = path.join(dir, OWN_DIRECTORY, base)
  const statesDirectory = stateOf(target, 'symlink') ?? worktrees
  return { link: target.directory, worktrees, statesDirectory, lease: target.lease }
}

/** A worktree by its name, which is its commit's oid, with its own state beside it. */
export function worktreeLayout(
  { link, worktrees, statesDirectory, lease }: LinkLayout,
  name: string,
): DirectoryLayout {
  return {
    base: path.dirname(link),
    root: path.join(worktrees, name),
    stateDirectory: path.join(statesDirectory, `${name}.state`),
    stagingDirectory: path.join(worktrees, `${name}.staging`),
    lease,
  }
}

/** A readable and unique folder in STATE_DIR for each directory and mode. */
export function stateOf(
  { directory, stateRoot }: Pick<Target, 'directory' | 'stateRoot'>,
  mode: PublishMode,
): string | undefined {
  if (stateRoot === undefined) return undefined
  const unique = createHash('sha256').update(directory).digest('hex').slice(0, 16)
  return path.join(stateRoot, `${path.basename(directory).slice(0, 64)}-${unique}`, mode)
}

/** Where a directory is while a link takes its place, or while it is made to take a link's. */
export function asideOf({ worktrees }: LinkLayout): string {
  return path.join(worktrees, 'directory')
}

/** Tells since when a worktree is not in use. */
export function retiredMarkOf({ worktrees }: LinkLayout, name: string): string {
  return path.join(worktrees, `${name}.retired`)
}

/** The commit whose worktree the link shows; undefined where it shows anything else. */
export function linkedCommit({ link, worktrees }: LinkLayout): Oid | undefined {
  const target = readLinkIfAny(link)
  if (target === undefined) return undefined
  const resolved = path.resolve(path.dirname(link), target)
  const oid = path.basename(resolved)
  return path.dirname(resolved) === worktrees && isOid(oid) ? oid : undefined
}

/** What a link says; undefined where there is none. */
export function readLinkIfAny(link: string): string | undefined {
  // Nothing is there, or no symlink: either way no commit is linked.
  return readLinkUnless(['ENOENT', 'ENOTDIR', 'EINVAL'], link)
}
