// What is left beside a symlink's worktree in use: earlier worktrees stay for a grace time,
// for readers that still sit in them; then one becomes the standby, and the others go once none
// is in its grace time any more.
import path from 'node:path'
import { displayPath } from '../../volume/byte-path.js'
import { readUnless } from '../../volume/errnos.js'
import { removeCheckout } from '../history/directory.js'
import { linkedHistory } from '../history/layout.js'
import { retireRepository } from '../history/retire.js'
import { BOOT_FILE } from '../lease/boot.js'
import { LEASE_FILE } from '../lease/lease.js'
import type { TidyOptions } from '../publisher.js'
import { readSnapshot } from '../snapshot/store.js'
import {
  isWorktreeName,
  type LinkLayout,
  linkedWorktree,
  REPOSITORY,
  retiredMarkOf,
  worktreeLayout,
} from '../target.js'
import { recheck } from '../update/record.js'
import { createStandby, recheckStandby, retire, verifyStandby } from './standby.js'

const MAX_MARK_BYTES = 4096

/**
 * Removes all that is not needed, and prepares a standby. Returns the milliseconds until there is
 * more to do; undefined where there is not.
 */
export function tidyWorktrees(layout: LinkLayout, options: TidyOptions): number | undefined {
  const linked = linkedWorktree(layout)
  let hasStandby = verifyStandby(layout)
  const waits: number[] = []
  const over: string[] = []
  for (const name of listIfAny(layout, layout.worktrees)) {
    if (!isWorktreeName(name) || name === linked) continue
    options.checkpoint()
    const leftMs = markRetired(layout, name, options)
    if (leftMs > 0) waits.push(leftMs)
    else over.push(name)
  }
  // As many may be wanted before the next is free: hard links to a whole tree take longer than to
  // bring one forward by a few commits.
  let spares = waits.length
  for (const name of over) {
    options.checkpoint()
    if (!hasStandby && retire(layout, name)) hasStandby = true
    else if (hasStandby && spares > 0) spares--
    else remove(layout, name)
  }
  removeLeftOvers(layout, linked)
  tidyRepository(layout, { linked, isAlone: waits.length === 0 })
  // Not left to a worktree in its grace time: the next commit may come before that is over.
  if (linked !== undefined && !hasStandby) {
    createStandby(layout, linked, options.checkpoint)
  }
  return waits.length > 0 ? Math.min(...waits) : undefined
}

/** How long a worktree is still to stay; the first look at it starts its time. */
function markRetired(layout: LinkLayout, name: string, options: TidyOptions): number {
  const { graceMs, now } = options
  if (graceMs === 0) return 0
  const mark = retiredMarkOf(layout, name)
  const retiredAt = readMark(layout, mark)
  // Where the clock was set back, the time starts again.
  if (retiredAt === undefined || retiredAt > now) {
    layout.volume.writeFile(mark, `${now}\n`)
    return graceMs
  }
  return Math.max(0, retiredAt + graceMs - now)
}

/** Milliseconds since the epoch; undefined where there is no mark, or only half of one. */
function readMark({ volume }: LinkLayout, mark: string): number | undefined {
  const text = volume.readFile(mark, MAX_MARK_BYTES)?.toString('latin1') ?? ''
  return /^\d+\n$/.test(text) ? Number(text) : undefined
}

function remove(layout: LinkLayout, name: string): void {
  const { volume, worktrees, statesDirectory } = layout
  // The marker goes last: without it, the time would start again.
  removeCheckout(worktreeLayout(layout, name))
  for (const target of [
    path.join(statesDirectory, `${name}.state`),
    path.join(worktrees, name),
    retiredMarkOf(layout, name),
  ]) {
    volume.removeAll(target)
  }
}

/** Marks that what is not in use may be anything: nothing is built on it before it is looked at. */
export function recheckUnused(layout: LinkLayout): void {
  const linked = linkedWorktree(layout)
  recheckStandby(layout)
  for (const name of listIfAny(layout, layout.worktrees)) {
    if (isWorktreeName(name) && name !== linked) recheck(worktreeLayout(layout, name))
  }
}

/** Whatever belongs to no worktree, and what an interruption left. */
function removeLeftOvers(layout: LinkLayout, linked: string | undefined): void {
  const worktrees = new Set(
    listIfAny(layout, layout.worktrees).filter((name) => isWorktreeName(name)),
  )
  const { statesDirectory, workshop } = layout
  for (const directory of new Set([layout.worktrees, workshop, statesDirectory])) {
    for (const name of listIfAny(layout, directory)) {
      if (directory === workshop && [LEASE_FILE, BOOT_FILE, REPOSITORY].includes(name)) continue
      const [owner = '', kind] = name.split('.')
      const belongs =
        kind === undefined || kind === 'state' || (kind === 'retired' && owner !== linked)
      const isKept = belongs && (worktrees.has(owner) || owner === 'standby')
      if (!isKept) layout.volume.removeAll(path.join(directory, name))
    }
  }
}

/** What a repository has of worktrees that are gone goes, and all of it where no history is kept. */
function tidyRepository(
  links: LinkLayout,
  { isAlone, linked }: { isAlone: boolean; linked: string | undefined },
): void {
  const { onSetAside, volume, workshop, worktrees } = links
  const layout = linkedHistory(links)
  if (linked === undefined || !volume.stat(layout.repository)) return
  for (const name of listIfAny(links, path.join(layout.repository, 'worktrees'))) {
    const isGone = isWorktreeName(name) && !volume.stat(path.join(worktrees, name))
    if (isGone) removeCheckout(worktreeLayout(links, name))
  }
  if (!isAlone || readSnapshot(worktreeLayout(links, linked))?.history) return
  const whyKept = retireRepository(layout, path.join(workshop, `${REPOSITORY}.gone`))
  if (whyKept === undefined) return
  const reason = `${whyKept}: it stays`
  onSetAside?.({ kind: 'repository', path: displayPath(layout.repository), reason })
}

/** Empty where nothing was published yet. */
function listIfAny({ volume }: LinkLayout, directory: string): string[] {
  return readUnless(['ENOENT'], () => volume.names(directory)) ?? []
}
