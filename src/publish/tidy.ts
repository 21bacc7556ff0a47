// What is left beside a symlink's worktree in use: earlier worktrees stay for a grace time,
// for readers that still sit in them; then one becomes the standby and the others go.
import { readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { isOid } from '../git/oid.js'
import { createStandby, retire, takeStandby } from './standby.js'
import { codeOf } from './volume.js'
import type { WorktreePlace } from './worktree-place.js'
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
  let hasStandby = takeStandby(place) !== undefined
  let waitMs: number | undefined
  for (const name of listIfAny(place.worktrees)) {
    if (!isOid(name) || name === linked) continue
    const leftMs = markRetired(place, name, options)
    if (leftMs > 0) waitMs = Math.min(leftMs, waitMs ?? leftMs)
    else if (hasStandby || !retire(place, name)) remove(place, name)
    else hasStandby = true
  }
  removeLeftOvers(place, linked)
  // While an earlier worktree waits to become the standby, none is made.
  if (linked !== undefined && !hasStandby && waitMs === undefined) {
    createStandby(place, linked, options.checkpoint)
  }
  return waitMs
}

/** How long a worktree is still to stay; the first look at it starts its time. */
function markRetired({ worktrees }: WorktreePlace, name: string, options: TidyOptions): number {
  const { graceMs, now } = options
  if (graceMs === 0) return 0
  const marker = path.join(worktrees, `${name}.retired`)
  const retiredAt = statSync(marker, { throwIfNoEntry: false })?.mtimeMs
  if (retiredAt === undefined) writeFileSync(marker, '')
  // A clock that was set back must not keep it for ever.
  return Math.max(0, Math.min(graceMs, (retiredAt ?? now) + graceMs - now))
}

function remove({ worktrees, stateDirectory }: WorktreePlace, name: string): void {
  // The marker goes last: without it, the time would start again.
  for (const target of [
    path.join(stateDirectory, `${name}.state`),
    path.join(worktrees, name),
    path.join(worktrees, `${name}.retired`),
  ]) {
    rmSync(target, { recursive: true, force: true })
  }
}

/** Whatever belongs to no worktree, and what an interruption left. */
function removeLeftOvers(place: WorktreePlace, linked: string | undefined): void {
  const worktrees = new Set(listIfAny(place.worktrees).filter((name) => isOid(name)))
  for (const directory of new Set([place.worktrees, place.stateDirectory])) {
    for (const name of listIfAny(directory)) {
      const [owner = '', kind] = name.split('.')
      const belongs =
        kind === undefined || kind === 'state' || (kind === 'retired' && owner !== linked)
      const isKept = belongs && (worktrees.has(owner) || owner === 'standby')
      if (!isKept) rmSync(path.join(directory, name), { recursive: true, force: true })
    }
  }
}

function listIfAny(directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch (error) {
    // Nothing was published yet.
    if (codeOf(error) === 'ENOENT') return []
    throw error
  }
}
