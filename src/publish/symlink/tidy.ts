// What is left beside a symlink's worktree in use: earlier worktrees stay for a grace time,
// for readers that still sit in them; then one becomes the standby, a few others are spared for
// those to come, and the rest go. What cannot be removed keeps nothing else from being done.
import path from 'node:path'
import { readUnless } from '../../volume/errnos.js'
import { removeCheckout } from '../history/directory.js'
import { linkedHistory } from '../history/layout.js'
import { retireRepository, tellKept } from '../history/retire.js'
import { BOOT_FILE } from '../lease/boot.js'
import { LEASE_FILE, WISH_FILE } from '../lease/lease.js'
import type { TidyOptions } from '../publisher.js'
import { readSnapshot } from '../snapshot/store.js'
import {
  isWorktreeName,
  type LinkLayout,
  linkedWorktree,
  REPOSITORY,
  worktreeLayout,
} from '../target.js'
import { leftOf } from './grace-period.js'
import { LINK_FILE, worktreesOfOthers } from './other-links.js'
import { recheckSharing } from './recheck.js'
import { Refusals } from './refusals.js'
import { spare, sparesFor, sparesOf } from './spares.js'
import { prepareStandby, removeWorktree } from './standby.js'

/**
 * Removes all that is not needed, and prepares a standby. Returns the milliseconds until there is
 * more to do; undefined where there is not. Throws what the volume refused, once all else is done.
 */
export function tidyWorktrees(layout: LinkLayout, options: TidyOptions): number | undefined {
  const { statesDirectory, volume, workshop, worktrees } = layout
  const linked = linkedWorktree(layout)
  const others = worktreesOfOthers(layout)
  const waits: number[] = []
  const refusals = new Refusals()
  const unused = sparesOf(layout)
  for (const name of listIfAny(layout, worktrees)) {
    const isWorktree = isWorktreeName(name)
    if (name === linked || (!isWorktree && worktrees === workshop)) continue
    options.checkpoint()
    const leftMs = others.has(name) ? 0 : leftOf(layout, name, options)
    if (leftMs > 0) waits.push(leftMs)
    else if (isWorktree && !others.has(name)) unused.push(name)
    else {
      const own = others.has(name)
        ? path.join(statesDirectory, `${name}.state`)
        : path.join(worktrees, name)
      refusals.collect(() => volume.removeAll(own))
    }
  }
  // Not left to a worktree in its grace time: the next commit may come before that is over.
  const isWanted = linked !== undefined && !layout.isLast
  const standby = isWanted
    ? refusals.collect(() => prepareStandby(layout, linked, unused, options.checkpoint))
    : undefined
  if (isWanted && !standby) recheckSharing(layout, [linked])
  const spares = isWanted ? sparesFor(waits.length, standby, options) : 0
  for (const [index, name] of unused.entries()) {
    options.checkpoint()
    refusals.collect(() => {
      if (index < spares) spare(layout, name)
      else removeWorktree(layout, name)
    })
  }
  tidyRepository(layout, refusals, { linked, isAlone: waits.length === 0 })
  removeLeftOvers(layout, refusals)
  refusals.throwFirst()
  return waits.length > 0 ? Math.min(...waits) : undefined
}

/** Whatever belongs to no worktree, and what an interruption left. */
function removeLeftOvers(layout: LinkLayout, refusals: Refusals): void {
  const worktrees = new Set([
    ...listIfAny(layout, layout.worktrees).filter((name) => isWorktreeName(name)),
    ...sparesOf(layout),
  ])
  const { statesDirectory, workshop } = layout
  for (const directory of new Set([workshop, statesDirectory])) {
    for (const name of listIfAny(layout, directory)) {
      if (directory === workshop && NO_WORKTREES.includes(name)) continue
      const [owner = '', kind] = name.split('.')
      const belongs = kind === undefined || kind === 'state'
      const isKept = belongs && (worktrees.has(owner) || owner === 'standby')
      if (isKept) continue
      refusals.collect(() => layout.volume.removeAll(path.join(directory, name)))
    }
  }
}

/** What else is in the workshop. */
const NO_WORKTREES = [LEASE_FILE, WISH_FILE, BOOT_FILE, REPOSITORY, LINK_FILE]

/** What a repository has of worktrees that are gone goes, and all of it where no history is kept. */
function tidyRepository(
  links: LinkLayout,
  refusals: Refusals,
  { isAlone, linked }: { isAlone: boolean; linked: string | undefined },
): void {
  const { volume, workshop, worktrees } = links
  const layout = linkedHistory(links)
  if (linked === undefined || !volume.stat(layout.repository)) return
  for (const name of listIfAny(links, path.join(layout.repository, 'worktrees'))) {
    const isGone = isWorktreeName(name) && !volume.stat(path.join(worktrees, name))
    if (isGone) refusals.collect(() => removeCheckout(worktreeLayout(links, name)))
  }
  if (!isAlone || readSnapshot(worktreeLayout(links, linked))?.history) return
  const gone = path.join(workshop, `${REPOSITORY}.gone`)
  const whyKept = refusals.collect(() => retireRepository(layout, gone))
  if (whyKept !== undefined) tellKept(links, layout.repository, whyKept)
}

/** Empty where nothing was published yet. */
function listIfAny({ volume }: LinkLayout, directory: string): string[] {
  return readUnless(['ENOENT'], () => volume.names(directory)) ?? []
}
