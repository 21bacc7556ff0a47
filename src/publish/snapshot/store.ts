// The files that hold a snapshot: all of it, and beside it what has changed since. The next
// one is staged first, and takes its place in one step.
import path from 'node:path'
import { NO_LINK, tolerating } from '../../volume/errnos.js'
import { link, readFile, removeFile, replace, writeFile } from '../../volume/files.js'
import { filesOf, type TreeFile } from '../tree/tree-diff.js'
import { decodeChanges, encodeChanges, isForBase, type SnapshotBase } from './changes.js'
import {
  checksumOf,
  decodeSnapshot,
  encodeSnapshot,
  type Snapshot,
  STAT_FIELDS,
} from './snapshot.js'

/** A snapshot as it was read. */
export interface StoredSnapshot extends Snapshot {
  base: SnapshotBase
  baseBytes: number
}

/** The size of a file in a snapshot that is known to differ from what was published. */
export const DIFFERS = -1

/** Changes are written on their own while they are at most this share of what they are to. */
const MOST_CHANGES = 1 / 8

/** What is larger was not written by this service, in bytes. */
const MAX_SNAPSHOT_BYTES = 1024 * 1024 * 1024

/** What was published last to a directory. */
export interface PublishedRecord {
  snapshot: StoredSnapshot
  /** False where files on disk may differ from the snapshot. */
  isTrusted: boolean
  /** Which files differ; undefined where any may. */
  drifted: readonly TreeFile[] | undefined
}

/** The snapshot in a state directory; undefined where there is none that can be trusted. */
export function readSnapshot(directory: string): StoredSnapshot | undefined {
  return read(snapshotOf(directory), changesOf(directory))
}

/** The snapshot that {@link markForRecheck} marked. */
export function readForRecheck(directory: string): StoredSnapshot | undefined {
  return read(recheckOf(directory), changesOf(directory))
}

/** What a snapshot that was compared says of the directory. */
export function recordOf(snapshot: StoredSnapshot): PublishedRecord {
  const drifted = driftedIn(snapshot)
  return { snapshot, isTrusted: drifted.length === 0, drifted }
}

/** The files that are known to differ from what was published. */
function driftedIn(snapshot: Snapshot): TreeFile[] {
  const { stats } = snapshot
  for (let at = 0; at < stats.length; at += STAT_FIELDS) {
    if (stats[at] !== DIFFERS) continue
    return filesOf(snapshot).filter(({ index }) => stats[index * STAT_FIELDS] === DIFFERS)
  }
  return []
}

/** Writes the next snapshot beside the one that was read last, if any. */
export function stageSnapshot(directory: string, next: Snapshot, last?: StoredSnapshot): void {
  const changes = last && isSameFormat(next, last) ? encodeChanges(next, last.base) : undefined
  if (changes && changes.length <= (last as StoredSnapshot).baseBytes * MOST_CHANGES) {
    writeFile(stagedOf(changesOf(directory)), changes)
  } else {
    writeFile(stagedOf(snapshotOf(directory)), encodeSnapshot(next))
  }
}

/** Whether a snapshot was staged, and is whole. */
export function hasStaged(directory: string): boolean {
  const snapshot = snapshotOf(directory)
  if (readBase(stagedOf(snapshot))) return true
  const changes = readIfPresent(stagedOf(changesOf(directory)))
  const base = changes && readBase(snapshot)
  return base !== undefined && isForBase(changes as Buffer, base.base) === true
}

/** Puts the staged snapshot in place. */
export function adoptStaged(directory: string): void {
  const [snapshot, changes] = [snapshotOf(directory), changesOf(directory)]
  if (tolerating(['ENOENT'], () => replace(stagedOf(snapshot), snapshot))) {
    removeFile(changes)
  } else {
    replace(stagedOf(changes), changes)
  }
}

/** Removes a snapshot that was staged. */
export function discardStaged(directory: string): void {
  for (const file of [snapshotOf(directory), changesOf(directory)]) {
    removeFile(stagedOf(file))
  }
}

/** Marks that any file on disk may differ from the snapshot, now or soon: all are to be compared. */
export function markForRecheck(directory: string): void {
  tolerating(['ENOENT'], () => replace(snapshotOf(directory), recheckOf(directory)))
}

/** Removes a snapshot that was marked, now that there is a better one. */
export function removeRechecked(directory: string): void {
  removeFile(recheckOf(directory))
}

/** Removes what is remembered. */
export function removeSnapshot(directory: string): void {
  for (const fileOf of [snapshotOf, recheckOf, changesOf]) {
    removeFile(fileOf(directory))
  }
}

/** Gives a state directory the snapshot of another; where the volume can, they share its bytes. */
export function cloneSnapshot(from: string, to: string): void {
  for (const fileOf of [changesOf, snapshotOf]) {
    const share = () => link(fileOf(from), fileOf(to))
    if (tolerating([...NO_LINK, 'ENOENT'], share)) continue
    const bytes = readIfPresent(fileOf(from))
    if (bytes) writeFile(fileOf(to), bytes)
  }
}

function read(file: string, changesFile?: string): StoredSnapshot | undefined {
  const base = readBase(file)
  const bytes = base && changesFile ? readIfPresent(changesFile) : undefined
  if (!base || !bytes) return base
  const isForThis = isForBase(bytes, base.base)
  // Whether damaged changes belong to it, nothing tells: then it may be outdated.
  if (isForThis === undefined) return undefined
  if (!isForThis) return base
  const changed = decodeChanges(bytes, base.base)
  return changed && { ...base, ...changed }
}

function readBase(file: string): StoredSnapshot | undefined {
  const bytes = readIfPresent(file)
  const snapshot = bytes && decodeSnapshot(bytes)
  if (!snapshot) return undefined
  const base = { ...snapshot, checksum: checksumOf(bytes as Buffer) }
  return { ...snapshot, base, baseBytes: (bytes as Buffer).length }
}

function readIfPresent(file: string): Buffer | undefined {
  return readFile(file, MAX_SNAPSHOT_BYTES)
}

function isSameFormat(one: Snapshot, other: Snapshot): boolean {
  return one.commit.length === other.commit.length
}

const snapshotOf = (directory: string) => path.join(directory, 'snapshot')
const changesOf = (directory: string) => path.join(directory, 'snapshot.changes')
const recheckOf = (directory: string) => path.join(directory, 'snapshot.doubted')
const stagedOf = (file: string) => `${file}.next`
