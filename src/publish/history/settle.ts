// Makes the repository say what is published: where history ends, index, refs and HEAD follow from the
// snapshot alone. Objects must be there before. Each step is one rename, and each may be the last of
// a run that is killed: the same call completes it. Nothing happens where all is settled already.
import path from 'node:path'
import { type Oid, objectFormatOf } from '../../git/oid.js'
import { READ_ONLY, tolerating } from '../../volume/errnos.js'
import { assertLease } from '../lease/lease.js'
import type { PublishedHistory } from '../snapshot/published-history.js'
import type { Snapshot } from '../snapshot/snapshot.js'
import {
  isIndexRacy,
  linkCheckout,
  lockCheckout,
  writeIndex,
  writeSparse,
} from './checkout-files.js'
import { breakLocks, withLock } from './git-lock.js'
import { type CheckoutLayout, checkoutDirectory, type HistoryLayout } from './layout.js'
import { type RepositoryObjects, withObjects } from './objects.js'
import { removeObstacles } from './obstacles.js'
import { isPublished, keepHead, noteLeftBehind } from './own-work.js'
import { releasePacks } from './packs.js'
import { logPublished } from './reflog.js'
import { readOwn, settleRefs } from './refs.js'
import { headOf, isSettled, markSettled } from './settled-mark.js'
import { readShallow, stillShallow, writeShallow } from './shallow.js'
import { writeText } from './write-whole.js'

/** Whether a repository shows what is published, or lacks objects for it. */
export type Settlement = 'settled' | 'incomplete'

/**
 * Settles the repository and a checkout of it: what a publication does in the end, and what completes
 * one that was interrupted. `now` is in milliseconds. Returns `incomplete`, and changes nothing, where
 * the repository has not the published commit, or not the tag that leads to it: then its history is to be fetched anew.
 */
export function settle(
  layout: HistoryLayout,
  checkout: CheckoutLayout,
  snapshot: Snapshot,
  now: number,
): Settlement {
  const own = checkoutDirectory(layout, checkout)
  for (const directory of new Set([layout.repository, own])) {
    removeObstacles(layout, directory)
    breakLocks(layout, directory)
  }
  if (isSettled(layout, checkout, snapshot)) {
    // It only spares git work.
    const renew = () => writeIndex(layout, checkout, snapshot)
    if (isIndexRacy(layout, checkout, snapshot, now)) tolerating(READ_ONLY, renew)
    return 'settled'
  }
  return withObjects(layout, objectFormatOf(snapshot.commit), (objects) => {
    const settlement = settleCheckout(layout, checkout, snapshot, objects)
    if (settlement === 'settled') settleRepository(layout, snapshot, now, objects)
    return settlement
  })
}

/**
 * The part of {@link settle} that is done before readers see a linked worktree: where its history
 * ends, its index and HEAD, and its `.git`, which leads to the repository.
 */
export function settleCheckout(
  layout: HistoryLayout,
  checkout: CheckoutLayout,
  snapshot: Snapshot,
  objects: RepositoryObjects,
): Settlement {
  const { commit, history } = snapshot
  if (!history) return 'settled'
  assertLease(layout.lease)
  if (!objects.hasCommit(commit) || !hasRefs(snapshot, objects)) return 'incomplete'
  // A commit may be cut off here for the old ref and the new one: none leads to what is not there.
  writeShallow(layout, [...readShallow(layout), ...history.shallow])
  lockCheckout(layout, checkout)
  writeIndex(layout, checkout, snapshot)
  writeSparse(layout, checkout, history)
  const own = checkoutDirectory(layout, checkout)
  if (checkout.name !== undefined) keepHead(layout, own, (oid) => oid === commit)
  linkCheckout(layout, checkout, commit)
  if (checkout.name !== undefined) markSettled(layout, own, snapshot)
  return 'settled'
}

/** The rest of {@link settle}: refs and HEAD of the repository. */
export function settleRepository(
  layout: HistoryLayout,
  snapshot: Snapshot,
  now: number,
  objects: RepositoryObjects,
): void {
  const { commit, history } = snapshot
  if (!history) return
  const { isBare, repository, volume } = layout
  const earlier = readOwn(layout)
  settleRefs(layout, new Map(Object.entries(history.refs)))
  const head = path.join(repository, 'HEAD')
  withLock(layout, head, () => {
    if (!isBare) keepHead(layout, repository, isPublished(layout))
    writeText(volume, repository, head, `${headOf(snapshot, history)}\n`)
    logPublished(layout, commit, now)
    noteLeftBehind(layout, { earlier, history, objects }, now)
  })
  writeShallow(layout, endsOf(layout, history, objects))
  releasePacks(layout)
  markSettled(layout, repository, snapshot)
}

/** Whether no ref of a history leads to what is not there, as an annotated tag may be. */
export function hasRefs({ history }: Snapshot, objects: Pick<RepositoryObjects, 'has'>): boolean {
  return Object.values(history?.refs ?? {}).every((oid) => objects.has(oid))
}

/** Where history ends now: an earlier end counts while what is beyond it is missing. */
function endsOf(
  layout: HistoryLayout,
  { shallow }: PublishedHistory,
  objects: RepositoryObjects,
): Oid[] {
  const known = new Set(shallow)
  const earlier = readShallow(layout).filter((oid) => !known.has(oid))
  return [...shallow, ...stillShallow(earlier, objects)]
}
