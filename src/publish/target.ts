// What is to be published where, and where all that belongs to it is: beside what is published, or,
// for its state, in a directory of its own. All paths but those of a Target are byte paths.
import { createHash } from 'node:crypto'
import path from 'node:path'
import { isWithin } from '../base/paths.js'
import { isOid, type Oid } from '../git/oid.js'
import type { BlockingWait } from '../thread/blocking-wait.js'
import { toBytePath } from '../volume/byte-path.js'
import { ABSENT, readUnless } from '../volume/errnos.js'
import { OWN_DIRECTORY } from '../volume/own-directory.js'
import type { Volume } from '../volume/volume.js'
import type { Lease } from './lease/lease.js'

/** The way an entry is published. */
export type PublishMode = 'in-place' | 'symlink'

/**
 * State that is not believed, a repository that stays, as somebody worked in it, what stood in the way, or
 * what others put there and cannot be removed.
 */
export interface SetAside {
  kind: 'state' | 'repository' | 'obstacle' | 'foreign'
  path: string
  /** Why, as people read it. */
  reason: string
}

/** Where an entry is published, and how. */
export interface Target {
  /** Absolute. */
  directory: string
  mode: PublishMode
  /** Holds the state of all entries; undefined where it lives beside what is published. */
  stateRoot: string | undefined
  /** The directory that no symlink on the way may lead out of; undefined where there is none. */
  root?: string | undefined
  /**
   * The directory whose `.worktrees` has the worktrees of a link, by the oid of their commits and
   * nothing else, and whose `.git` is their repository. Absolute.
   * @default they are beside the link, with all else that belongs to it
   */
  worktreeRoot?: string | undefined
  /** Whether what others put there is removed. @default false */
  clean?: boolean
  /**
   * Whether what others put in the place of what is published, or of what is this service's own, is
   * moved aside. @default it is refused
   */
  movesAside?: boolean | undefined
  /**
   * Whether each worktree has files of its own, as a program may write into them before it is
   * published; else, worktrees share those that are equal. @default false
   */
  ownFiles?: boolean
  /** Whether nothing is made ready for a commit to come. @default false */
  isLast?: boolean | undefined
  /** When objects of its history go that nothing leads to, as by `git gc`. @default where it is worth it */
  gc?: 'always' | 'never' | undefined
  /**
   * Whether this service published there since it started: a file or a symlink in place of that
   * was put there by others, and is replaced. @default false
   */
  wasPublished?: boolean
  /** The commit that was in place last, as far as this is known. */
  published?: Oid | undefined
  /** What keeps other instances away; undefined where none is kept. */
  lease?: Lease | undefined
  /** Whether it is held in place of the instance whose entry it is. @default false */
  byDeputy?: boolean | undefined
  /** Told of each piece of state that is not believed, as others could have written it. */
  onSetAside?: (found: SetAside) => void
  /** How others are waited for who work in its repository. @default without giving up */
  patience?: BlockingWait | undefined
  /** Where the volume is mounted that it was last found on, as a byte path, if that is known. */
  mountPoint?: string | undefined
}

/** A target in one piece of work. */
export interface HeldTarget extends Target {
  /** What lies beside the published path, and below it. */
  volume: Volume
  /** The published path, as a byte path. */
  path: string
}

/** Where a directory and what belongs to it are. */
export interface DirectoryLayout {
  volume: Volume
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
  /** As {@link Target.patience}. */
  patience?: BlockingWait | undefined
  /** The repository that the directory may be a checkout of. */
  repository?: RepositoryPlace
}

/** Where a repository is, and how a directory is a checkout of it. */
export interface RepositoryPlace {
  /** Absolute. */
  repository: string
  /** The name of a linked worktree; undefined: it is right beside the files. */
  name?: string
  /** Whether files are checked out in linked worktrees only. */
  isBare: boolean
}

/** Where a link and its worktrees are. */
export interface LinkLayout {
  volume: Volume
  /** The published symlink. Absolute. */
  link: string
  /** Holds the worktrees. */
  worktrees: string
  /** The repository that all worktrees share. */
  repository: string
  /** Whether git works in those only; else, also where the repository is. */
  isBare: boolean
  /** Holds what becomes a worktree, and all else that is no state; on their volume. */
  workshop: string
  /** Where the next link is made, on the volume of the link. */
  linkStaging: string
  /** Holds the state directory of each worktree. */
  statesDirectory: string
  /** As {@link Target.ownFiles}. */
  ownFiles: boolean
  /** As {@link Target.isLast}. */
  isLast: boolean
  /** What keeps other instances away; undefined where none is kept. */
  lease?: Lease | undefined
  /** Told of what is not believed. */
  onSetAside?: Target['onSetAside']
  /** As {@link Target.patience}. */
  patience?: BlockingWait | undefined
}

/** What belongs to a directory that is published in place. */
export function ownDirectory(root: string): string {
  return path.join(root, OWN_DIRECTORY)
}

/** A target as a directory that is published in place; at `root` while it is built elsewhere. */
export function directoryLayout(target: HeldTarget, root = target.path): DirectoryLayout {
  const own = ownDirectory(root)
  return {
    volume: target.volume,
    root,
    stateDirectory: stateOf(target, 'in-place') ?? own,
    stagingDirectory: path.join(own, 'staging'),
    clean: target.clean,
    lease: target.lease,
    patience: target.patience,
    repository: { repository: path.join(root, '.git'), isBare: false },
    ...(target.onSetAside ? { onSetAside: target.onSetAside } : {}),
  }
}

/** A target as a symlink. */
export function linkLayout(target: HeldTarget): LinkLayout {
  const { dir, base } = path.parse(target.path)
  const { isLast = false, lease, onSetAside, ownFiles = false, volume, worktreeRoot } = target
  const { path: link, patience } = target
  const root = worktreeRoot && toBytePath(worktreeRoot)
  const workshop = path.join(root ?? dir, OWN_DIRECTORY, root ? nameIn(root, link) : base)
  const worktrees = root === undefined ? workshop : path.join(root, '.worktrees')
  const linkStaging = isWithin(root ?? dir, link) ? workshop : dir
  const statesDirectory = stateOf(target, 'symlink') ?? workshop
  const repository = path.join(root ?? workshop, root === undefined ? REPOSITORY : '.git')
  const own = { volume, link, worktrees, repository, workshop, linkStaging, statesDirectory }
  const told = onSetAside && { onSetAside }
  return { ...own, isBare: root === undefined, ownFiles, isLast, lease, patience, ...told }
}

/** What tells a link from all others whose worktrees are in one root. */
function nameIn(root: string, link: string): string {
  const { dir, base } = path.parse(link)
  if (dir === root) return base
  return `${base}-${createHash('sha256').update(link, 'latin1').digest('hex').slice(0, 8)}`
}

/** The directory that all of a target lies below; but for its link, where that is elsewhere. */
export function baseOf({ directory, worktreeRoot }: Target): string {
  const isInside = worktreeRoot !== undefined && isWithin(worktreeRoot, directory)
  return isInside ? worktreeRoot : path.dirname(directory)
}

/** The name of a worktree of a commit whose own name has one of another selection already. */
export function otherWorktreeName(commit: Oid, selection = ''): string {
  return `${commit}-${createHash('sha256').update(selection, 'latin1').digest('hex').slice(0, 8)}`
}

/** Whether a name is one of a commit's worktrees. */
export function isWorktreeName(name: string): boolean {
  return isOid(name.replace(/-[0-9a-f]{8}$/, ''))
}

/** A worktree by its name, with its own state beside it. */
export function worktreeLayout(
  {
    isBare,
    lease,
    onSetAside,
    patience,
    repository,
    statesDirectory,
    volume,
    workshop,
    worktrees,
  }: LinkLayout,
  name: string,
): DirectoryLayout {
  return {
    volume,
    root: path.join(isWorktreeName(name) ? worktrees : workshop, name),
    stateDirectory: path.join(statesDirectory, `${name}.state`),
    stagingDirectory: path.join(workshop, `${name}.staging`),
    lease,
    patience,
    // What is no commit's yet is no checkout.
    ...(isWorktreeName(name) && { repository: { repository, name, isBare } }),
    ...(onSetAside && { onSetAside }),
  }
}

/** The name of the repository that all worktrees of a link share, beside them. */
export const REPOSITORY = 'repository'

/** A readable and unique folder in STATE_DIR for each directory and mode. */
export function stateOf(
  { directory, stateRoot }: Pick<Target, 'directory' | 'stateRoot'>,
  mode: PublishMode,
): string | undefined {
  if (stateRoot === undefined) return undefined
  const unique = createHash('sha256').update(directory).digest('hex').slice(0, 16)
  const name = `${path.basename(directory).slice(0, 64)}-${unique}`
  return toBytePath(path.join(stateRoot, name, mode))
}

/** Where a directory is while a link takes its place, or while it is made to take a link's. */
export function asideOf({ workshop }: LinkLayout): string {
  return path.join(workshop, 'directory')
}

/** The name of the worktree that the link shows; undefined where it shows anything else. */
export function linkedWorktree(
  links: Pick<LinkLayout, 'link' | 'volume' | 'worktrees'>,
): string | undefined {
  const { link, worktrees } = links
  const target = readLinkIfAny(links)
  if (target === undefined) return undefined
  const resolved = path.resolve(path.dirname(link), target)
  const name = path.basename(resolved)
  return path.dirname(resolved) === worktrees && isWorktreeName(name) ? name : undefined
}

/** What a link says; undefined where there is none. */
export function readLinkIfAny({
  link,
  volume,
}: Pick<LinkLayout, 'link' | 'volume'>): string | undefined {
  // Nothing is there, or no symlink: either way no commit is linked.
  return readUnless([...ABSENT, 'EINVAL'], () => volume.readLink(link))?.toString('latin1')
}
