// What is left beside a symlink's worktree in use: earlier worktrees stay for a grace time,
// for readers that still sit in them; then one becomes the standby and the others go.
import path from 'node:path'
import { isOid } from '../../git/oid.js'
import { readUnless } from '../../volume/errnos.js'
import { namesIn, readFileUnless, removeAll, writeFile } from '../../volume/files.js'
import { doubt } from '../directory/record.js'
import { BOOT_FILE } from '../lease/boot.js'
import { LEASE_FILE } from '../lease/lease.js'
import { createStandby, distrustStandby, retire, verifyStandby } from './standby.js'
import { retiredMarkOf, type WorktreePlace, worktreeOf } from './worktree-place.js'
import { linkedCommit } from './worktrees.js'

export interface TidyOptions {
  /** How long an earlier worktree stays, in milliseconds. */
  graceMs: number
  /** Milliseconds since the epoch. */
  now: number
  /** Throws when the work is to be given up. */
  checkpoint: () => void
}

/**
 * Removes all that is not needed, and prepares a standby. Returns the milliseconds until there is
 * more to do; undefined where there is not.
 */
export function tidyWorktrees(place: WorktreePlace, options: TidyOptions): number | undefined {
  const linked = linkedCommit(place)
  let hasStandby = verifyStandby(place)
  let waitMs: number | undefined
  for (const name of listIfAny(place.worktrees)) {
    if (!isOid(name) || name === linked) continue
    options.checkpoint()
    const leftMs = markRetired(place, name, options)
    if (leftMs > 0) waitMs = Math.min(leftMs, waitMs ?? leftMs)
    else if (hasStandby || !retire(place, name)) remove(place, name)
    else hasStandby = true
  }
  removeLeftOvers(place, linked)
  // Not left to a worktree in its grace time: the next commit may come before that is over.
  if (linked !== undefined && !hasStandby) {
    createStandby(place, linked, options.checkpoint)
  }
  return waitMs
}

/** How long a worktree is still to stay; the first look at it starts its time. */
function markRetired(place: WorktreePlace, name: string, options: TidyOptions): number {
  const { graceMs, now } = options
  if (graceMs === 0) return 0
  const mark = retiredMarkOf(place, name)
  const retiredAt = readMark(mark)
  // Where the clock was set back, the time starts again.
  if (retiredAt === undefined || retiredAt > now) {
    writeFile(mark, `${now}\n`)
    return graceMs
  }
  return Math.max(0, retiredAt + graceMs - now)
}

/** Milliseconds since the epoch; undefined where there is no mark, or only half of one. */
function readMark(mark: string): number | undefined {
  const text = readFileUnless(['ENOENT'], mark)?.toString('latin1') ?? ''
  return /^\d+\n$/.test(text) ? Number(text) : undefined
}

function remove(place: WorktreePlace, name: string): void {
  const { worktrees, stateDirectory } = place
  // The marker goes last: without it, the time would start again.
  for (const target of [
    path.join(stateDirectory, `${name}.state`),
    path.join(worktrees, name),
    retiredMarkOf(place, name),
  ]) {
    removeAll(target)
  }
}

/** Marks that what is not in use may be anything: nothing is built on it. */
export function distrustUnused(place: WorktreePlace): void {
  const linked = linkedCommit(place)
  distrustStandby(place)
  for (const name of listIfAny(place.worktrees)) {
    if (isOid(name) && name !== linked) doubt(worktreeOf(place, name))
  }
}

/** Whatever belongs to no worktree, and what an interruption left. */
function removeLeftOvers(place: WorktreePlace, linked: string | undefined): void {
  const worktrees = new Set(listIfAny(place.worktrees).filter((name) => isOid(name)))
  for (const directory of new Set([place.worktrees, place.stateDirectory])) {
    for (const name of listIfAny(directory)) {
      if (name === LEASE_FILE || name === BOOT_FILE) continue
      const [owner = '', kind] = name.split('.')
      const belongs =
        kind === undefined || kind === 'state' || (kind === 'retired' && owner !== linked)
      const isKept = belongs && (worktrees.has(owner) || owner === 'standby')
      if (!isKept) removeAll(path.join(directory, name))
    }
  }
}

/** Empty where nothing was published yet. */
function listIfAny(directory: string): string[] {
  return readUnless(['ENOENT'], () => namesIn(directory)) ?? []
}
