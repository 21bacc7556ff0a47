// Makes the repository say what is published: where history ends, index, refs and HEAD follow from the
// snapshot alone. Objects must be there before. Each step is one rename, and each may be the last of
// a run that is killed: the same call completes it. Nothing happens where all is settled already.
import { createHash } from 'node:crypto'
import path from 'node:path'
import { encodeIndex } from '../../git/index-writer.js'
import { type ObjectFormat, type Oid, objectFormatOf } from '../../git/oid.js'
import { readUnless, UNREADABLE } from '../../volume/errnos.js'
import { assertLease } from '../lease/lease.js'
import type { PublishedHistory } from '../snapshot/published-history.js'
import { type Snapshot, STAT_FIELDS, statFields } from '../snapshot/snapshot.js'
import { type IsDoubtful, indexContent } from './checkout-index.js'
import { type CheckoutLayout, checkoutDirectory, GIT, type HistoryLayout } from './layout.js'
import { RepositoryObjects } from './objects.js'
import { cutOff, isPublished, keepHead, logLeftBehind } from './own-work.js'
import { logPublished } from './reflog.js'
import { readOwn, readRefs, settleRefs } from './refs.js'
import { readShallow, stillShallow, writeShallow } from './shallow.js'
import { writeText, writeWhole } from './write-whole.js'

/** Whether a repository shows what is published, or lacks objects for it. */
export type Settlement = 'settled' | 'incomplete'

/**
 * Settles the repository and a checkout of it: what a publication does in the end, and what completes
 * one that was interrupted. `now` is in milliseconds. Returns `incomplete`, and changes nothing, where
 * the repository has not the published commit: then its history is to be fetched anew.
 */
export function settle(
  layout: HistoryLayout,
  checkout: CheckoutLayout,
  snapshot: Snapshot,
  now: number,
): Settlement {
  if (isSettled(layout, checkout, snapshot)) {
    if (isRacy(layout, checkout, snapshot, now)) writeIndex(layout, checkout, snapshot)
    return 'settled'
  }
  const settlement = settleCheckout(layout, checkout, snapshot)
  if (settlement === 'settled') settleRepository(layout, snapshot, now)
  return settlement
}

/** Whether {@link settle} has nothing to do. */
export function isSettled(
  layout: HistoryLayout,
  checkout: CheckoutLayout,
  snapshot: Snapshot,
): boolean {
  const { volume } = layout
  if (!snapshot.history) return true
  const own = checkoutDirectory(layout, checkout)
  const mark = markOf(snapshot, snapshot.history)
  const isMarked = [own, layout.repository].every(
    (directory) => readText(layout, path.join(directory, MARK)) === mark,
  )
  if (!isMarked || volume.stat(path.join(own, 'index')) === undefined) return false
  // Somebody may have removed or moved them since.
  const head = readText(layout, path.join(layout.repository, 'HEAD'))
  if (head !== `${headOf(snapshot, snapshot.history)}\n`) return false
  const refs = readRefs(layout)
  return Object.entries(snapshot.history.refs).every(([name, oid]) => refs.get(name) === oid)
}

function headOf({ commit }: Snapshot, { branch }: PublishedHistory): string {
  return branch === undefined ? commit : `ref: ${branch}`
}

/**
 * The part of {@link settle} that is done before readers see a linked worktree: where its history
 * ends, its index and HEAD, and its `.git`, which leads to the repository.
 */
export function settleCheckout(
  layout: HistoryLayout,
  checkout: CheckoutLayout,
  snapshot: Snapshot,
): Settlement {
  const { commit, history } = snapshot
  if (!history) return 'settled'
  assertLease(layout.lease)
  if (!hasCommit(layout, commit)) return 'incomplete'
  // A commit may be cut off here for the old ref and the new one: none leads to what is not there.
  writeShallow(layout, [...readShallow(layout), ...history.shallow])
  writeIndex(layout, checkout, snapshot)
  writeSparse(layout, checkout, history)
  if (checkout.name !== undefined) linkCheckout(layout, checkout, commit)
  const own = checkoutDirectory(layout, checkout)
  if (checkout.name !== undefined) writeMark(layout, own, snapshot, history)
  return 'settled'
}

/** The rest of {@link settle}: refs and HEAD of the repository. */
export function settleRepository(layout: HistoryLayout, snapshot: Snapshot, now: number): void {
  const { commit, history } = snapshot
  if (!history) return
  const { isBare, repository, volume } = layout
  if (!isBare) keepHead(layout, repository, isPublished(layout))
  const own = [...readOwn(layout).values()]
  settleRefs(layout, new Map(Object.entries(history.refs)))
  writeText(volume, repository, path.join(repository, 'HEAD'), `${headOf(snapshot, history)}\n`)
  logPublished(layout, commit, now)
  const refs = new Set(Object.values(history.refs))
  const left = own.filter((oid) => !refs.has(oid))
  logLeftBehind(layout, [...left, ...cutOff(layout, history.shallow)], now)
  writeShallow(layout, endsOf(layout, history, objectFormatOf(commit)))
  writeMark(layout, repository, snapshot, history)
}

/** Where history ends now: an earlier end counts while what is beyond it is missing. */
function endsOf(layout: HistoryLayout, { shallow }: PublishedHistory, format: ObjectFormat): Oid[] {
  const known = new Set(shallow)
  const earlier = readShallow(layout).filter((oid) => !known.has(oid))
  if (earlier.length === 0) return [...shallow]
  const objects = new RepositoryObjects(layout, format)
  try {
    return [...shallow, ...stillShallow(earlier, objects)]
  } finally {
    objects.close()
  }
}

/** Whether the repository has a commit, whole. */
export function hasCommit(layout: HistoryLayout, commit: Oid): boolean {
  const objects = new RepositoryObjects(layout, objectFormatOf(commit))
  try {
    return objects.readIfAny(commit)?.type === 'commit'
  } finally {
    objects.close()
  }
}

/** Git that holds its lock started from what was before, and fails. */
function writeIndex(layout: HistoryLayout, checkout: CheckoutLayout, snapshot: Snapshot): void {
  const { repository, volume } = layout
  const own = checkoutDirectory(layout, checkout)
  // Since then they may have been changed in the second that they were written in.
  const racyFrom = volume.stat(path.join(own, 'index'))?.mtimeMs
  const pieces = encodeIndex(
    indexContent(snapshot, doubtfulIn(layout, checkout, snapshot, racyFrom)),
  )
  volume.ensureDirectory(own)
  writeWhole(volume, repository, path.join(own, 'index'), pieces)
}

/**
 * Whether git looks at the content of files, as they were written in the second that the index was:
 * once that is over, an index that is written anew spares it that.
 */
function isRacy(
  layout: HistoryLayout,
  checkout: CheckoutLayout,
  { stats }: Snapshot,
  now: number,
): boolean {
  const index = path.join(checkoutDirectory(layout, checkout), 'index')
  const writtenAt = secondOf(layout.volume.stat(index)?.mtimeMs ?? 0)
  let newest = 0
  for (let at = 1; at < stats.length; at += STAT_FIELDS) newest = Math.max(newest, stats[at] ?? 0)
  return secondOf(newest) >= writtenAt && secondOf(newest) < secondOf(now)
}

/** Answers whether a file that was written in the second of the earlier index, or after, is another now. */
function doubtfulIn(
  { volume }: HistoryLayout,
  { root }: CheckoutLayout,
  { stats }: Snapshot,
  racyFrom: number | undefined,
): IsDoubtful {
  if (racyFrom === undefined) return () => false
  const firstMs = secondOf(racyFrom) * 1000
  return (file, mtimeMs, at) => {
    if (mtimeMs < firstMs) return false
    const stat = volume.stat(path.join(root, file))
    return !stat || statFields(stat).some((value, field) => value !== stats[at + field])
  }
}

const secondOf = (timeMs: number) => Math.floor(timeMs / 1000)

function writeSparse(
  layout: HistoryLayout,
  checkout: CheckoutLayout,
  { sparse }: PublishedHistory,
): void {
  if (!sparse) return
  const file = path.join(checkoutDirectory(layout, checkout), 'info/sparse-checkout')
  writeText(layout.volume, layout.repository, file, sparse.map((line) => `${line}\n`).join(''))
}

/**
 * A linked worktree: git finds the repository by a relative path. It is locked, as where the volume is
 * mounted elsewhere `git worktree prune` would take it for gone.
 */
function linkCheckout(layout: HistoryLayout, checkout: CheckoutLayout, commit: Oid): void {
  const { repository, volume } = layout
  const own = checkoutDirectory(layout, checkout)
  keepHead(layout, own, (oid) => oid === commit)
  const { finalRoot = checkout.root } = checkout
  const files = {
    HEAD: `${commit}\n`,
    commondir: '../..\n',
    gitdir: `${path.join(finalRoot, GIT)}\n`,
    locked: 'git-autosync removes it\n',
  }
  for (const [name, text] of Object.entries(files)) {
    writeText(volume, repository, path.join(own, name), text)
  }
  const link = `gitdir: ${path.relative(finalRoot, own)}\n`
  writeText(volume, repository, path.join(checkout.root, GIT), link)
}

/** What tells that a repository is settled, and that this service made it. */
export const MARK = 'git-autosync-settled'
const MARK_BYTES = 4096

function markOf({ commit }: Snapshot, history: PublishedHistory): string {
  const hash = createHash('sha256').update(JSON.stringify(history)).digest('hex')
  return `${commit} ${hash}\n`
}

function writeMark(
  { repository, volume }: HistoryLayout,
  directory: string,
  snapshot: Snapshot,
  history: PublishedHistory,
): void {
  writeText(volume, repository, path.join(directory, MARK), markOf(snapshot, history))
}

function readText({ volume }: HistoryLayout, file: string): string | undefined {
  return readUnless(UNREADABLE, () => volume.readBytes(file, MARK_BYTES))?.toString('latin1')
}
