// Publishes by symlink: each commit has a worktree named by its oid, and the link is
// swapped in one step, so that a reader sees one commit whole or another whole.
import { readdirSync, readlinkSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import path from 'node:path'
import type { Oid } from '../git/oid.js'
import { isOid } from '../git/oid.js'
import { type Published, publishInPlace, type Target } from './in-place.js'
import { type Place, verify } from './place.js'

/** Where a link and its worktrees are. */
export interface WorktreePlace {
  /** The published symlink. Absolute. */
  link: string
  /** Holds the worktrees; on the volume of the link. */
  worktrees: string
  /** Holds the state of each worktree. */
  stateDirectory: string
}

/** Builds the worktree of a commit and swaps the link to it; `beforeSwap` makes way for it. */
export function publishWorktree(
  place: WorktreePlace,
  target: Target,
  checkpoint: () => void,
  beforeSwap: () => void = () => undefined,
): Published {
  const worktree = worktreeOf(place, target.commit)
  // One that was left from earlier may have lost files since.
  verify(worktree)
  const published = publishInPlace(worktree, target, checkpoint)
  beforeSwap()
  swapLink(place, target.commit)
  return published
}

/** The commit whose worktree the link shows; undefined where it shows anything else. */
export function linkedCommit({ link, worktrees }: WorktreePlace): Oid | undefined {
  const target = readLinkIfAny(link)
  if (target === undefined) return undefined
  const resolved = path.resolve(path.dirname(link), target)
  const oid = path.basename(resolved)
  return path.dirname(resolved) === worktrees && isOid(oid) ? oid : undefined
}

/** Removes every worktree but that of the linked commit, with all that interruptions left. */
export function collectWorktrees(place: WorktreePlace): void {
  const linked = linkedCommit(place)
  for (const directory of [place.worktrees, place.stateDirectory]) {
    for (const name of listIfAny(directory)) {
      if (name.split('.')[0] !== linked)
        rmSync(path.join(directory, name), { recursive: true, force: true })
    }
  }
}

/** The worktree of a commit, with its own state beside it. */
export function worktreeOf({ worktrees, stateDirectory }: WorktreePlace, commit: Oid): Place {
  return {
    root: path.join(worktrees, commit),
    stateDirectory: path.join(stateDirectory, `${commit}.state`),
    stagingDirectory: path.join(worktrees, `${commit}.staging`),
  }
}

/** The target is relative, so that the volume may be mounted elsewhere under another path. */
function swapLink({ link, worktrees }: WorktreePlace, commit: Oid): void {
  const target = path.join(path.relative(path.dirname(link), worktrees), commit)
  if (readLinkIfAny(link) === target) return
  const staged = path.join(worktrees, `${commit}.link`)
  rmSync(staged, { force: true })
  symlinkSync(target, staged)
  renameSync(staged, link)
}

function readLinkIfAny(link: string): string | undefined {
  try {
    return readlinkSync(link)
  } catch {
    // Nothing is there, or no symlink: either way no commit is linked.
    return undefined
  }
}

function listIfAny(directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch {
    // Nothing was published yet.
    return []
  }
}
