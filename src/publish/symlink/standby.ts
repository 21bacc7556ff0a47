// The standby of a symlink: a second worktree, of an earlier commit or a copy of the one
// in use, that shares its unchanged files unless they are to be its own. The next change is written
// to the standby, so that it costs what changed and not what the tree weighs.
import { randomUUID } from 'node:crypto'
import { MODE } from '../../git/tree.js'
import { joinBytePath } from '../../volume/byte-path.js'
import { NOT_REMOVABLE, READ_ONLY, readUnless, tolerating } from '../../volume/errnos.js'
import { compareFiles, type Depth } from '../drift/comparison.js'
import { removeCheckout } from '../history/directory.js'
import type { Snapshot } from '../snapshot/snapshot.js'
import {
  adoptStaged,
  cloneSnapshot,
  type PublishedRecord,
  stageSnapshot,
} from '../snapshot/store.js'
import { type DirectoryLayout, type LinkLayout, worktreeLayout } from '../target.js'
import { filesOf } from '../tree/file-runs.js'
import { inspectRecord, recheck, recover } from '../update/record.js'
import { InUseWorktree } from './in-use.js'
import {
  type KnownDirectories,
  lookInto,
  readDirectories,
  writeDirectories,
} from './known-directories.js'
import { levelFiles } from './level.js'

const STANDBY = 'standby'

/** What is in the standby, if there is one of which nothing bad is known. */
export function takeStandby(links: LinkLayout): PublishedRecord | undefined {
  return recordOf(links, STANDBY)
}

/** What is in a worktree, if nothing bad is known of it. */
function recordOf(links: LinkLayout, name: string): PublishedRecord | undefined {
  const layout = worktreeLayout(links, name)
  const record = links.volume.stat(layout.root) ? recover(layout) : undefined
  if (!record?.isTrusted) return undefined
  // One from before files were to be its own.
  return links.ownFiles && sharesFiles(layout, record.snapshot) ? undefined : record
}

/** The standby while it turns into another worktree. */
export function growingStandby(links: LinkLayout, worktree: DirectoryLayout): DirectoryLayout {
  const { repository, root: finalRoot } = worktree
  return { ...worktreeLayout(links, STANDBY), finalRoot, ...(repository && { repository }) }
}

/** Makes the standby another worktree. */
export function promoteStandby(links: LinkLayout, worktree: DirectoryLayout): void {
  promote(worktreeLayout(links, STANDBY), worktree)
}

/**
 * Marks the standby, as files that it may share were changed: nothing is built on it before it is
 * looked at.
 */
export function recheckStandby(links: LinkLayout): void {
  recheck(worktreeLayout(links, STANDBY))
}

/** Gives a worktree another name. Its state goes first: a root without state is never trusted. */
export function promote(from: DirectoryLayout, to: DirectoryLayout): void {
  const { volume } = to
  volume.removeAll(to.stateDirectory)
  volume.rename(from.stateDirectory, to.stateDirectory)
  volume.rename(from.root, to.root)
}

/**
 * Prepares a standby of the worktree in use: the one that there is, or the first of those that are
 * `unused` which is fit, brought level; else a new one. Takes those that it tried from the list, but for
 * what cannot be removed.
 */
export function prepareStandby(
  links: LinkLayout,
  name: string,
  unused: string[],
  checkpoint: () => void,
): Standby | undefined {
  const inUse = InUseWorktree.open(worktreeLayout(links, name), checkpoint)
  if (!inUse) {
    removeStandby(links)
    return undefined
  }
  const last = takeStandby(links)
  if (last?.snapshot.commit === inUse.snapshot.commit) {
    return { isShared: last.snapshot.stats.equals(inUse.snapshot.stats) }
  }
  const level = last && grow(links, STANDBY, inUse)
  if (level) return level
  removeStandby(links)
  if (!inUse.isTrusted) return undefined
  const stuck: string[] = []
  let standby: Standby | undefined
  while (!standby && unused.length > 0) {
    const name = unused.shift() as string
    const isGone = tolerating(NOT_REMOVABLE, () => {
      standby = grow(links, name, inUse)
    })
    if (!isGone) stuck.push(name)
  }
  unused.push(...stuck)
  return standby ?? grow(links, undefined, inUse)
}

/** A standby that is prepared. */
export interface Standby {
  /** Whether all of its files are those of the worktree in use. */
  isShared: boolean
}

/**
 * Looks at the standby as at the worktree in use, of which `snapshot` is: where it is not as it was left,
 * nothing is built on it.
 */
export function inspectStandby(links: LinkLayout, { stats }: Snapshot, depth: Depth): void {
  const layout = worktreeLayout(links, STANDBY)
  // What was left there and cannot go is in nobody's way, but of the next publication.
  const last = readUnless(READ_ONLY, () => takeStandby(links))
  if (!last) return
  // What is shared was looked at where it is published.
  const record = last.snapshot.stats.equals(stats) ? last : inspectRecord(layout, depth)
  const known = readDirectories(layout)
  const isFit = record?.isTrusted && lookInto(layout, record.snapshot, known, depth.checkpoint)
  if (!isFit) recheckStandby(links)
}

/**
 * Brings a worktree level with the one in use, or an empty one; what does not become fit goes. Where
 * that may be as what is in use was changed, it is tried once more with what is right there now.
 */
function grow(
  links: LinkLayout,
  name: string | undefined,
  inUse: InUseWorktree,
): Standby | undefined {
  // Where one cannot be removed, the next is not in its way.
  const growing = worktreeLayout(links, `${STANDBY}.new-${randomUUID()}`)
  const { volume } = links
  let standby: Standby | undefined
  try {
    const before = name === undefined ? undefined : moveAside(links, name, growing, inUse)
    if (name !== undefined && !before) return undefined
    standby = settle(links, growing, before, inUse)
    if (!standby && inUse.isFoundRight()) {
      takeBack(links, growing, before)
      standby = settle(links, growing, before, inUse)
    }
    return standby
  } finally {
    if (!standby) {
      removeStandby(links)
      if (name !== undefined) removeWorktree(links, name)
      volume.removeAll(growing.root)
    }
  }
}

/** What is known of a worktree, which has the root of another from now on; undefined where it is unfit. */
function moveAside(
  links: LinkLayout,
  name: string,
  growing: DirectoryLayout,
  { snapshot }: InUseWorktree,
): Before | undefined {
  const worktree = worktreeLayout(links, name)
  const record = recordOf(links, name)
  if (record?.snapshot.commit.length !== snapshot.commit.length) return undefined
  const known = readDirectories(worktree)
  if (!removeCheckout(worktree, record.snapshot)) return undefined
  links.volume.rename(worktree.root, growing.root)
  // A root without state is never trusted.
  links.volume.removeAll(worktree.stateDirectory)
  return { snapshot: record.snapshot, known }
}

/** What is known of a worktree that is brought level. */
interface Before {
  snapshot: Snapshot
  known: KnownDirectories
}

/** Brings files level, and makes them the standby once a look has found them right. */
function settle(
  links: LinkLayout,
  growing: DirectoryLayout,
  before: Before | undefined,
  { checkpoint, layout: source, root, snapshot }: InUseWorktree,
): Standby | undefined {
  const { volume } = links
  if (!before) volume.makeDirectory(growing.root)
  const stats = levelFiles(links, growing.root, before?.snapshot, { root, snapshot, checkpoint })
  if (!stats) return undefined
  const standby = worktreeLayout(links, STANDBY)
  volume.rename(growing.root, standby.root)
  // By the clock of the volume, after all that was done.
  const nowMs = volume.stat(links.workshop)?.mtimeMs ?? 0
  const isShared = stats.equals(snapshot.stats)
  const next = isShared ? snapshot : compared(standby, { ...snapshot, stats }, snapshot)
  if (!next) return undefined
  const found = lookInto(standby, next, before?.known ?? new Map(), checkpoint)
  if (!found) return undefined
  volume.ensureDirectory(standby.stateDirectory)
  writeDirectories(standby, found, nowMs)
  if (isShared) cloneSnapshot(source, standby)
  else {
    stageSnapshot(standby, next)
    adoptStaged(standby)
  }
  return { isShared }
}

/** Undoes what made files the standby that were not found right, so that it can be tried anew. */
function takeBack(links: LinkLayout, { root }: DirectoryLayout, before: Before | undefined): void {
  const { volume } = links
  const standby = worktreeLayout(links, STANDBY)
  if (volume.stat(standby.root)) volume.rename(standby.root, root)
  if (!before) volume.removeAll(root)
}

/**
 * What is remembered of files of which some are a worktree's own, as those are now; undefined where one
 * differs. The others are those of the worktree in use.
 */
function compared(
  standby: DirectoryLayout,
  snapshot: Snapshot,
  inUse: Snapshot,
): Snapshot | undefined {
  const own = snapshot.stats.placesBeyond(inUse.stats)
  const stats = compareFiles(standby, snapshot, {}, filesOf(snapshot).only(own))
  const isDifferent = own.some((index) => stats.field(index, 0) < 0)
  return isDifferent ? undefined : { ...snapshot, stats }
}

/** Whether a file has another name, which may be one in a published worktree. */
function sharesFiles({ root, volume }: DirectoryLayout, snapshot: Snapshot): boolean {
  for (const { mode, path } of filesOf(snapshot)) {
    if (mode === MODE.gitlink) continue
    if ((volume.stat(joinBytePath(root, path))?.nlink ?? 1) > 1) return true
  }
  return false
}

function removeStandby(links: LinkLayout): void {
  const { volume, root, stateDirectory } = worktreeLayout(links, STANDBY)
  volume.removeAll(stateDirectory)
  volume.removeAll(root)
}

/** Removes a worktree with all that belongs to it, unless its checkout must stay. */
export function removeWorktree(links: LinkLayout, name: string): void {
  const worktree = worktreeLayout(links, name)
  if (!removeCheckout(worktree)) return
  links.volume.removeAll(worktree.stateDirectory)
  links.volume.removeAll(worktree.root)
}
