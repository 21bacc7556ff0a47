// The repository of one directory, after each publication there and at each look at it: it says what is
// published, or goes where no history is kept.
import path from 'node:path'
import { objectFormatOf } from '../../git/oid.js'
import { displayPath } from '../../volume/byte-path.js'
import type { PublishedHistory } from '../snapshot/published-history.js'
import type { Snapshot } from '../snapshot/snapshot.js'
import { readSnapshot } from '../snapshot/store.js'
import type { DirectoryLayout } from '../target.js'
import { joinPacks } from './join.js'
import {
  type CheckoutLayout,
  checkoutDirectory,
  directoryHistory,
  GIT,
  type HistoryLayout,
} from './layout.js'
import { keepHead } from './own-work.js'
import { retireRepository } from './retire.js'
import {
  hasCommit,
  isSettled,
  MARK,
  type Settlement,
  settle,
  settleCheckout,
  settleRepository,
} from './settle.js'

/**
 * Settles the repository of a directory, but for what readers of a link must not see yet. Returns
 * `incomplete` where it lacks the published commit.
 */
export function settleDirectory(layout: DirectoryLayout, snapshot: Snapshot): Settlement {
  const found = checkoutOf(layout)
  if (!found) return 'settled'
  const { checkout, repository } = found
  if (snapshot.history) {
    return checkout.name === undefined
      ? settle(repository, checkout, snapshot, Date.now())
      : settleCheckout(repository, checkout, snapshot)
  }
  if (checkout.name === undefined) removeRepository(layout)
  else unlinkCheckout(layout, checkoutDirectory(repository, checkout))
  return 'settled'
}

/** Settles what {@link settleDirectory} left of the repository of a link, once readers see the directory. */
export function settleShown(layout: DirectoryLayout, snapshot: Snapshot): void {
  const found = checkoutOf(layout)
  if (found && snapshot.history) settleRepository(found.repository, snapshot, Date.now())
}

/**
 * Completes what an interruption left of the repository of a directory that readers see; returns the
 * history that is there, undefined where none is, or not all of it.
 */
export function findHistory(
  layout: DirectoryLayout,
  snapshot: Snapshot,
): PublishedHistory | undefined {
  const found = checkoutOf(layout)
  if (!found || !snapshot.history) {
    settleDirectory(layout, snapshot)
    return undefined
  }
  const { checkout, repository } = found
  const settlement = settle(repository, checkout, snapshot, Date.now())
  const isThere = settlement === 'settled' && hasCommit(repository, snapshot.commit)
  return isThere ? snapshot.history : undefined
}

/**
 * Joins the packs of the repository of a directory that readers see, and lets go what is of no use any
 * more; not before it is settled, as until then no ref leads to what is published.
 */
export function joinHistory(layout: DirectoryLayout, checkpoint: () => void): void {
  const found = checkoutOf(layout)
  const isOwn = found && layout.volume.stat(path.join(found.repository.repository, MARK))
  const snapshot = isOwn && readSnapshot(layout)
  if (!found || !snapshot?.history || !isSettled(found.repository, found.checkout, snapshot)) return
  const objectFormat = objectFormatOf(snapshot.commit)
  const { depth } = snapshot.history
  joinPacks(found.repository, { depth, objectFormat, checkpoint })
}

/** Removes what makes a worktree that nobody uses any more a checkout. */
export function removeCheckout(layout: DirectoryLayout): void {
  const found = checkoutOf(layout)
  if (found?.checkout.name === undefined) return
  const { checkout, repository } = found
  const own = checkoutDirectory(repository, checkout)
  keepHead(repository, own, (oid) => checkout.name?.startsWith(oid) ?? false)
  unlinkCheckout(layout, own)
  layout.volume.removeAll(own)
}

function checkoutOf(
  layout: DirectoryLayout,
): { repository: HistoryLayout; checkout: CheckoutLayout } | undefined {
  const { finalRoot, lease, repository: place, root, volume } = layout
  if (!place) return undefined
  const { directory: repository, worktree: name } = place
  return {
    repository: { volume, repository, isBare: name !== undefined, lease },
    checkout: { root, finalRoot, name },
  }
}

/** Removes the repository beside published files, but one that somebody worked in. */
export function removeRepository(layout: DirectoryLayout): void {
  const { onSetAside, stagingDirectory, volume } = layout
  const repository = directoryHistory(layout)
  if (!volume.stat(repository.repository)) return
  const whyKept = retireRepository(repository, stagingDirectory)
  volume.removeIfEmpty(path.dirname(stagingDirectory))
  if (whyKept === undefined) return
  onSetAside?.({ path: displayPath(repository.repository), reason: `${whyKept}: it stays` })
}

const MAX_LINK_BYTES = 64 * 1024

/** Nothing is there of a worktree that never had a repository. */
function unlinkCheckout({ finalRoot, root, volume }: DirectoryLayout, own: string): void {
  const file = path.join(root, GIT)
  if (!volume.stat(file)?.isFile()) return
  const text = volume.readFile(file, MAX_LINK_BYTES)?.toString('latin1')
  if (text === `gitdir: ${path.relative(finalRoot ?? root, own)}\n`) volume.removeFile(file)
}
