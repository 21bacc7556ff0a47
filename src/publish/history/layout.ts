// Where the repository behind published files is. In place it is `path/.git`; behind a symlink, one
// repository beside the worktrees, to which the `.git` file of each leads. All paths are byte paths.
import path from 'node:path'
import { moduleDirectory } from '../../git/module-directory.js'
import type { BlockingWait } from '../../thread/blocking-wait.js'
import { parentOf } from '../../volume/byte-path.js'
import type { Volume } from '../../volume/volume.js'
import type { Lease } from '../lease/lease.js'
import type { PublishedSubmodule } from '../snapshot/origin.js'
import type { DirectoryLayout, LinkLayout } from '../target.js'

/** A repository. */
export interface HistoryLayout {
  volume: Volume
  /** Holds its objects, refs and configuration. Absolute. */
  repository: string
  /** Whether files are checked out right beside it, else in linked worktrees only. */
  isBare: boolean
  /** What keeps other instances away; undefined where none is kept. */
  lease?: Lease | undefined
  /** How locks of git's are waited for. @default without giving up */
  patience?: BlockingWait | undefined
}

/** One checkout of a repository. */
export interface CheckoutLayout {
  /** Where its files are. Absolute. */
  root: string
  /** Where they will be, where that is another place. */
  finalRoot?: string | undefined
  /** The name of the linked worktree; undefined for the checkout right beside the repository. */
  name?: string | undefined
}

/** What git calls a repository, or leads to it, in a checkout. */
export const GIT = '.git'
/** Where the repositories of submodules are. */
export const MODULES = 'modules'

/** The repository of a directory that is published in place. */
export function directoryHistory({
  lease,
  patience,
  root,
  volume,
}: Pick<DirectoryLayout, 'lease' | 'patience' | 'root' | 'volume'>): HistoryLayout {
  return { volume, repository: path.join(root, GIT), isBare: false, lease, patience }
}

/** The repository that all worktrees of a link share. */
export function linkedHistory({
  isBare,
  lease,
  patience,
  repository,
  volume,
}: LinkLayout): HistoryLayout {
  return { volume, repository, isBare, lease, patience }
}

/** Where git keeps what a checkout has for itself: its HEAD and its index. */
export function checkoutDirectory(
  { repository }: Pick<HistoryLayout, 'repository'>,
  { name }: Pick<CheckoutLayout, 'name'>,
): string {
  return name === undefined ? repository : path.join(repository, 'worktrees', name)
}

/**
 * The repositories of submodules, by the paths of those: below what git keeps of the checkout that they
 * lie in, each by its name there.
 */
export function moduleDirectories(
  own: string,
  modules: readonly PublishedSubmodule[],
): Map<string, string> {
  const directories = new Map<string, string>()
  for (const { name, path: at } of modules) {
    let above = parentOf(at)
    while (above !== '' && !directories.has(above)) above = parentOf(above)
    if (!name) continue
    const directory = moduleDirectory(name)
    directories.set(at, path.join(directories.get(above) ?? own, MODULES, directory))
  }
  return directories
}
