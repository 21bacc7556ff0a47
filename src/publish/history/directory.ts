// The repository of one directory, after each publication there and at each look at it: it says what is
// published, or goes where no history is kept.
import path from 'node:path'
import { type Oid, objectFormatOf } from '../../git/oid.js'
import { displayPath } from '../../volume/byte-path.js'
import { readUnless, UNREADABLE } from '../../volume/errnos.js'
import type { PublishedHistory } from '../snapshot/published-history.js'
import type { Snapshot } from '../snapshot/snapshot.js'
import { readSnapshot } from '../snapshot/store.js'
import type { DirectoryLayout } from '../target.js'
import { isConnected } from './connectivity.js'
import { type JoinOptions, joinPacks } from './join.js'
import { moveToKept } from './kept-modules.js'
import { checkoutDirectory, directoryHistory, GIT } from './layout.js'
import {
  type Checkout,
  goneModules,
  moduleRepositories,
  modulesIn,
  settleModules,
} from './modules.js'
import { withObjects } from './objects.js'
import { keepCheckout } from './own-work.js'
import { releasePacks } from './packs.js'
import { retireRepository, tellKept, workInModule } from './retire.js'
import { hasRefs, type Settlement, settle, settleCheckout, settleRepository } from './settle.js'
import { isSettled, MARK } from './settled-mark.js'

/**
 * Settles the repository of a directory and those of its submodules, but for what readers of a link must
 * not see yet. Returns `incomplete` where one lacks the published commit.
 */
export function settleDirectory(layout: DirectoryLayout, snapshot: Snapshot): Settlement {
  const found = checkoutOf(layout)
  if (!found) return 'settled'
  const { checkout, repository } = found
  if (!snapshot.history) {
    if (checkout.name === undefined) removeRepository(layout)
    else unlinkCheckout(layout, checkoutDirectory(repository, checkout))
    return 'settled'
  }
  makeWay(layout, found, snapshot)
  const settlement =
    checkout.name === undefined
      ? settle(repository, checkout, snapshot, Date.now())
      : withObjects(repository, objectFormatOf(snapshot.commit), (objects) =>
          settleCheckout(repository, checkout, snapshot, objects),
        )
  if (settlement === 'incomplete') return settlement
  removeGoneModules(layout, found, snapshot)
  return settleModules(found, snapshot, Date.now())
}

/** Settles what {@link settleDirectory} left of the repository of a link, once readers see the directory. */
export function settleShown(layout: DirectoryLayout, snapshot: Snapshot): void {
  const found = checkoutOf(layout)
  if (!found || !snapshot.history) return
  const { repository } = found
  withObjects(repository, objectFormatOf(snapshot.commit), (objects) =>
    settleRepository(repository, snapshot, Date.now(), objects),
  )
}

/** How closely a repository is looked at. */
export interface HistoryLook {
  /** Whether every tree and every blob of the commit is looked for. @default false */
  isThorough?: boolean
  /** Throws when the work is to be given up. */
  checkpoint?: (() => void) | undefined
}

/**
 * Completes what an interruption left of the repositories of a directory that readers see; returns the
 * history that is there, undefined where none is, or not all of it.
 */
export function findHistory(
  layout: DirectoryLayout,
  snapshot: Snapshot,
  { checkpoint = () => undefined, isThorough = false }: HistoryLook = {},
): PublishedHistory | undefined {
  const found = checkoutOf(layout)
  if (!found || !snapshot.history) {
    settleDirectory(layout, snapshot)
    return undefined
  }
  const { checkout, repository } = found
  const { commit } = snapshot
  makeWay(layout, found, snapshot)
  const settlements = [
    settle(repository, checkout, snapshot, Date.now()),
    settleModules(found, snapshot, Date.now()),
  ]
  if (settlements.includes('incomplete')) return undefined
  const all = [{ repository, snapshot }, ...modulesIn(found, snapshot)]
  const isThere = all.every((each) =>
    withObjects(each.repository, objectFormatOf(commit), (objects) => {
      if (!objects.hasCommit(each.snapshot.commit)) return false
      if (!hasRefs(each.snapshot, objects)) return false
      return !isThorough || isConnected(each.snapshot, objects, checkpoint)
    }),
  )
  return isThere ? snapshot.history : undefined
}

/**
 * Joins the packs of the repositories of a directory that readers see, and lets go what is of no use any
 * more; not before they are settled, as until then no ref leads to what is published.
 */
export function joinHistory(
  layout: DirectoryLayout,
  options: Pick<JoinOptions, 'checkpoint' | 'isAlways'>,
): void {
  const found = checkoutOf(layout)
  const isOwn = found && layout.volume.stat(path.join(found.repository.repository, MARK))
  const snapshot = isOwn && readSnapshot(layout)
  if (!found || !snapshot?.history) return
  const { depth } = snapshot.history
  const objectFormat = objectFormatOf(snapshot.commit)
  for (const each of [{ ...found, snapshot }, ...modulesIn(found, snapshot)]) {
    if (!isSettled(each.repository, each.checkout, each.snapshot)) continue
    // What was received and given up has none that would do it.
    releasePacks(each.repository)
    joinPacks(each.repository, { ...options, depth, objectFormat })
  }
}

/**
 * Removes what makes a worktree that nobody uses any more a checkout, given what was published there, if
 * its files stay. Returns false, and leaves it as it is, where not all of it can be read.
 */
export function removeCheckout(layout: DirectoryLayout, snapshot?: Snapshot): boolean {
  const found = checkoutOf(layout)
  if (found?.checkout.name === undefined) return true
  const { checkout, repository } = found
  const { volume } = layout
  const own = checkoutDirectory(repository, checkout)
  const modules = readUnless(UNREADABLE, () => [...moduleRepositories(volume, own)])
  const isPublished = (oid: Oid) => checkout.name?.startsWith(oid) ?? false
  if (!modules || !keepCheckout(repository, own, isPublished)) {
    tellKept(layout, own, 'not all that is in it can be read')
    return false
  }
  for (const module of snapshot ? modulesIn(found, snapshot) : []) {
    const link = path.join(module.checkout.root, GIT)
    if (volume.stat(link)?.isFile()) volume.unlink(link)
  }
  for (const module of modules) {
    const work = workInModule({ ...repository, repository: module, isBare: false })
    if (work === undefined) continue
    const name = path.join(path.basename(own), path.relative(own, module))
    const kept = moveToKept(repository, module, name)
    // Only now: what is killed before it finds it again.
    volume.removeFile(path.join(kept, MARK))
    tellKept(layout, kept, work)
  }
  unlinkCheckout(layout, own)
  volume.removeAll(own)
  return true
}

/** Removes the repositories of submodules that are not checked out any more, but somebody's. */
function removeGoneModules(layout: DirectoryLayout, found: Checkout, snapshot: Snapshot): void {
  const { stagingDirectory } = layout
  for (const repository of goneModules(found, snapshot)) {
    const module = { ...found.repository, repository, isBare: false }
    const whyKept = retireRepository(module, stagingDirectory)
    if (whyKept !== undefined) tellKept(layout, repository, whyKept)
  }
}

/** Moves the repositories away that somebody made where links lead to others. */
function makeWay(layout: DirectoryLayout, found: Checkout, snapshot: Snapshot): void {
  const { checkout, repository } = found
  const { name = '', root } = checkout
  const linked = modulesIn(found, snapshot).map((module) => module.checkout.root)
  if (checkout.name !== undefined) linked.push(root)
  for (const directory of linked) {
    const inTheWay = path.join(directory, GIT)
    if (!layout.volume.stat(inTheWay)?.isDirectory()) continue
    if (layout.volume.removeIfEmpty(inTheWay)) continue
    const kept = moveToKept(repository, inTheWay, path.join(name, path.relative(root, directory)))
    tellKept(layout, kept, `${displayPath(inTheWay)} was in the place of a link to a repository`)
  }
}

function checkoutOf(layout: DirectoryLayout): Checkout | undefined {
  const { finalRoot, lease, patience, repository: place, root, volume } = layout
  if (!place) return undefined
  const { isBare, name, repository } = place
  return {
    repository: { volume, repository, isBare, lease, patience },
    checkout: { root, finalRoot, name },
  }
}

/** Removes the repository beside published files, but one that somebody worked in. */
export function removeRepository(layout: DirectoryLayout): void {
  const { stagingDirectory, volume } = layout
  const repository = directoryHistory(layout)
  if (!volume.stat(repository.repository)) return
  const whyKept = retireRepository(repository, stagingDirectory)
  volume.removeIfEmpty(path.dirname(stagingDirectory))
  if (whyKept === undefined) return
  tellKept(layout, repository.repository, whyKept)
}

const MAX_LINK_BYTES = 64 * 1024

/** Nothing is there of a worktree that never had a repository. */
function unlinkCheckout({ finalRoot, root, volume }: DirectoryLayout, own: string): void {
  const file = path.join(root, GIT)
  if (!volume.stat(file)?.isFile()) return
  const text = volume.readFile(file, MAX_LINK_BYTES)?.toString('latin1')
  if (text === `gitdir: ${path.relative(finalRoot ?? root, own)}\n`) volume.removeFile(file)
}
