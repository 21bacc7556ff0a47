// What git keeps of one checkout: its index, which patterns choose its files, and, of a linked worktree,
// how it and the repository lead to each other.
import path from 'node:path'
import { IndexBase } from '../../git/index-base.js'
import { encodeIndex } from '../../git/index-writer.js'
import { type ObjectFormat, type Oid, objectFormatOf } from '../../git/oid.js'
import { readUnless, UNREADABLE } from '../../volume/errnos.js'
import type { PublishedHistory } from '../snapshot/published-history.js'
import { isAsRemembered, type Snapshot } from '../snapshot/snapshot.js'
import { indexContent, type RacyFiles } from './checkout-index.js'
import { type CheckoutLayout, checkoutDirectory, GIT, type HistoryLayout } from './layout.js'
import { writeShared, writeSharedText, writeText } from './write-whole.js'

/** The next index grows from none that is larger, in bytes. */
const MAX_BASE_BYTES = 64 * 1024 * 1024

/** Writes the index of a checkout, from nothing but what is published there. */
export function writeIndex(
  layout: HistoryLayout,
  checkout: CheckoutLayout,
  snapshot: Snapshot,
): void {
  const { volume } = layout
  const own = checkoutDirectory(layout, checkout)
  // Since then they may have been changed in the second that they were written in.
  const racyFrom = volume.stat(path.join(own, 'index'))?.mtimeMs
  const racy =
    racyFrom === undefined ? undefined : racyFilesIn(layout, checkout, snapshot, racyFrom)
  const base = findBase(layout, own, objectFormatOf(snapshot.commit))
  volume.ensureDirectory(own)
  const pieces = encodeIndex(indexContent(snapshot, racy, base))
  writeShared(layout, path.join(own, 'index'), pieces)
}

/** The index that was written last of this checkout, or of another one. */
function findBase(
  { repository, volume }: HistoryLayout,
  own: string,
  format: ObjectFormat,
): IndexBase | undefined {
  const worktrees = path.join(repository, 'worktrees')
  const others = () => readUnless(UNREADABLE, () => volume.names(worktrees)) ?? []
  const readAt = (directory: string) => {
    const file = path.join(directory, 'index')
    const bytes = readUnless([...UNREADABLE, 'EFBIG'], () => volume.readFile(file, MAX_BASE_BYTES))
    return bytes && IndexBase.from(bytes, format)
  }
  const found = readAt(own)
  if (found || own === repository) return found
  const newest = others()
    .map((name) => path.join(worktrees, name))
    .map((directory) => ({ directory, stat: volume.stat(path.join(directory, 'index')) }))
    .reduce<{ directory: string; writtenAt: number } | undefined>((best, { directory, stat }) => {
      const writtenAt = stat?.mtimeMs ?? 0
      return writtenAt > (best?.writtenAt ?? 0) ? { directory, writtenAt } : best
    }, undefined)
  return newest && readAt(newest.directory)
}

/**
 * Whether git looks at the content of files, as they were written in the second that the index was:
 * once that is over, an index that is written anew spares it that.
 */
export function isIndexRacy(
  layout: HistoryLayout,
  checkout: CheckoutLayout,
  { stats }: Snapshot,
  now: number,
): boolean {
  const index = path.join(checkoutDirectory(layout, checkout), 'index')
  const writtenAt = secondOf(layout.volume.stat(index)?.mtimeMs ?? 0)
  let newest = 0
  for (let index = 0; index < stats.count; index++) newest = Math.max(newest, stats.field(index, 1))
  return secondOf(newest) >= writtenAt && secondOf(newest) < secondOf(now)
}

/** Files that were written in the second of the earlier index, or after, may be others now. */
function racyFilesIn(
  { volume }: HistoryLayout,
  { root }: CheckoutLayout,
  { stats }: Snapshot,
  racyFrom: number,
): RacyFiles {
  return {
    fromMs: secondOf(racyFrom) * 1000,
    isChanged(file, index) {
      const stat = volume.stat(path.join(root, file))
      return !stat || !isAsRemembered(stat, stats.at(index))
    },
  }
}

const secondOf = (timeMs: number) => Math.floor(timeMs / 1000)

/** Writes which files are checked out, where not all are. */
export function writeSparse(
  layout: HistoryLayout,
  checkout: CheckoutLayout,
  { sparse }: PublishedHistory,
): void {
  if (!sparse) return
  const file = path.join(checkoutDirectory(layout, checkout), 'info/sparse-checkout')
  writeSharedText(layout, file, sparse.map((line) => `${line}\n`).join(''))
}

/**
 * Locks a linked worktree, before anything else of it is there: where its volume is mounted elsewhere,
 * or it is not whole yet, `git worktree prune` would take it for gone.
 */
export function lockCheckout(layout: HistoryLayout, checkout: CheckoutLayout): void {
  if (checkout.name === undefined) return
  const file = path.join(checkoutDirectory(layout, checkout), 'locked')
  writeText(layout.volume, layout.repository, file, 'git-autosync removes it\n')
}

/** A linked worktree: git finds the repository by a relative path. */
export function linkCheckout(layout: HistoryLayout, checkout: CheckoutLayout, commit: Oid): void {
  const { repository, volume } = layout
  const { finalRoot = checkout.root, name } = checkout
  const own = checkoutDirectory(layout, checkout)
  const files = {
    commondir: '../..\n',
    gitdir: `${path.join(finalRoot, GIT)}\n`,
  }
  // First: without the others, it is no worktree yet.
  if (name !== undefined) writeSharedText(layout, path.join(own, 'HEAD'), `${commit}\n`)
  for (const [file, text] of name === undefined ? [] : Object.entries(files)) {
    writeText(volume, repository, path.join(own, file), text)
  }
  const link = gitfileText(layout, checkout)
  if (link !== undefined) writeText(volume, repository, path.join(checkout.root, GIT), link)
}

/** What leads from a checkout to its repository; undefined where that is right beside the files. */
export function gitfileText(layout: HistoryLayout, checkout: CheckoutLayout): string | undefined {
  const { finalRoot = checkout.root } = checkout
  const own = checkoutDirectory(layout, checkout)
  return own === path.join(finalRoot, GIT)
    ? undefined
    : `gitdir: ${path.relative(finalRoot, own)}\n`
}
