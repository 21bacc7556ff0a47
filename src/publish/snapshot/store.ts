// The files that hold a snapshot: all of it, and beside it what has changed since. The next
// one is staged first, and takes its place in one step.
import path from 'node:path'
import { ABSENT, NO_LINK, tolerating } from '../../volume/errnos.js'
import type { DirectoryLayout } from '../target.js'
import { FileRuns, RunList } from '../tree/file-runs.js'
import { type TreeFile, TreePlaces } from '../tree/tree-places.js'
import { decodeChanges, encodeChanges, isForBase, type SnapshotBase } from './changes.js'
import { pruneOrigin } from './origin.js'
import { type FileIdentity, identify, recall, remember } from './recent.js'
import { CHECKSUM_BYTES, checksumOf, deflateLarge, inflateLarge } from './sealed-bytes.js'
import { decodeSnapshot, encodeSnapshot, type Snapshot } from './snapshot.js'

/** A snapshot as it was read. */
export interface StoredSnapshot extends Snapshot {
  base: SnapshotBase
  baseBytes: number
}

/** What stands for the size of a file that is known to differ from what was published. */
export function differing(size: number): number {
  return -1 - size
}

/** The size that a file was published with, in bytes, whether it differs now or not. */
export function sizeIn(record: Float64Array): number {
  const size = record[0] as number
  return size < 0 ? -1 - size : size
}

/** Changes are written on their own while they are at most this share of what they are to. */
const MOST_CHANGES = 1 / 8

/** Where a snapshot is kept. */
export type SnapshotPlace = Pick<DirectoryLayout, 'volume' | 'stateDirectory'>

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
export function readSnapshot(place: SnapshotPlace): StoredSnapshot | undefined {
  return read(place, snapshotOf(place))
}

/** The snapshot that {@link markForRecheck} marked. */
export function readForRecheck(place: SnapshotPlace): StoredSnapshot | undefined {
  return read(place, recheckOf(place))
}

/** What a snapshot that was compared says of the directory. */
export function recordOf(snapshot: StoredSnapshot): PublishedRecord {
  const drifted = driftedIn(snapshot)
  return { snapshot, isTrusted: drifted.length === 0, drifted }
}

/** The files that are known to differ from what was published. */
function driftedIn(snapshot: Snapshot): TreeFile[] {
  const { stats, trees } = snapshot
  const runs = new RunList()
  for (let index = 0; index < stats.count; index++) {
    if (stats.field(index, 0) < 0) runs.add(index)
  }
  return [...new FileRuns(new TreePlaces(trees), runs.runs)]
}

/** Writes the next snapshot beside the one that was read last, if any. */
export function stageSnapshot(place: SnapshotPlace, next: Snapshot, last?: StoredSnapshot): void {
  const changes = last && isSameKind(next, last.base) ? encodeChanges(next, last.base) : undefined
  if (last && changes && changes.length <= last.baseBytes * MOST_CHANGES) {
    const staged = stagedOf(changesOf(place))
    place.volume.writeFile(staged, changes)
    // It stays the same file when it takes its place.
    const identity = identifyChanges(place, staged, last.base)
    rememberChanges(identity, changes, { ...next, base: last.base, baseBytes: last.baseBytes })
  } else {
    const origin = pruneOrigin(next)
    const bytes = deflateLarge(encodeSnapshot({ ...next, origin }))
    place.volume.writeFile(stagedOf(snapshotOf(place)), bytes)
  }
}

/** Whether a snapshot was staged, and is whole. */
export function hasStaged(place: SnapshotPlace): boolean {
  const snapshot = snapshotOf(place)
  if (readBase(place, stagedOf(snapshot))) return true
  const changes = readIfPresent(place, stagedOf(changesOf(place)))
  const base = changes && readBase(place, snapshot)
  return base !== undefined && isForBase(changes as Buffer, base.base) === true
}

/** Puts the staged snapshot in place. */
export function adoptStaged(place: SnapshotPlace): void {
  const { volume } = place
  const [snapshot, changes] = [snapshotOf(place), changesOf(place)]
  if (tolerating(['ENOENT'], () => volume.replace(stagedOf(snapshot), snapshot))) {
    volume.removeFile(changes)
  } else {
    volume.replace(stagedOf(changes), changes)
  }
}

/** Removes a snapshot that was staged. */
export function discardStaged(place: SnapshotPlace): void {
  for (const file of [snapshotOf(place), changesOf(place)]) {
    place.volume.removeFile(stagedOf(file))
  }
}

/** Marks that any file on disk may differ from the snapshot, now or soon: all are to be compared. */
export function markForRecheck(place: SnapshotPlace): void {
  tolerating(ABSENT, () => place.volume.replace(snapshotOf(place), recheckOf(place)))
}

/** Removes a snapshot that was marked, now that there is a better one. */
export function removeRechecked(place: SnapshotPlace): void {
  place.volume.removeFile(recheckOf(place))
}

/** Removes what is remembered. */
export function removeSnapshot(place: SnapshotPlace): void {
  for (const fileOf of [snapshotOf, recheckOf, changesOf]) {
    place.volume.removeFile(fileOf(place))
  }
}

/** Gives a state directory the snapshot of another; where the volume can, they share its bytes. */
export function cloneSnapshot(from: SnapshotPlace, to: SnapshotPlace): void {
  for (const fileOf of [changesOf, snapshotOf]) {
    const share = () => to.volume.link(fileOf(from), fileOf(to))
    if (tolerating([...NO_LINK, 'ENOENT'], share)) continue
    const bytes = readIfPresent(from, fileOf(from))
    if (bytes) to.volume.writeFile(fileOf(to), bytes)
  }
}

function read(place: SnapshotPlace, file: string): StoredSnapshot | undefined {
  const stored = readBase(place, file)
  if (!stored) return undefined
  const { base, baseBytes } = stored
  const identity = identifyChanges(place, changesOf(place), base)
  const known = identity && recall<StoredSnapshot>(identity)
  if (known) return known
  const bytes = identity && readIfPresent(place, changesOf(place))
  if (!bytes) return stored
  const isForThis = isForBase(bytes, base)
  // Whether damaged changes belong to it, nothing tells: then it may be outdated.
  if (isForThis === undefined) return undefined
  if (!isForThis) return stored
  const changed = decodeChanges(bytes, base)
  return changed && rememberChanges(identity, bytes, { ...changed, base, baseBytes })
}

/** Identifies changes by what they are to as well. */
function identifyChanges(
  { volume }: SnapshotPlace,
  file: string,
  { checksum }: SnapshotBase,
): FileIdentity | undefined {
  const identity = identify(volume, file, CHECKSUM_BYTES)
  return identity && { ...identity, text: [identity.text, checksum].join('\0') }
}

/** Remembers what changes say, where a file was identified that is made of these bytes. */
function rememberChanges(
  identity: FileIdentity | undefined,
  changes: Buffer,
  stored: StoredSnapshot,
): StoredSnapshot {
  const { base, content, stats } = stored
  // Beside the changes, it has what it does not share with the base.
  const bytes = changes.length + stats.bytesBeside(base.stats) + content.length
  if (identity?.end === checksumOf(changes)) remember({ ...identity, bytes }, stored)
  return stored
}

function readBase(place: SnapshotPlace, file: string): StoredSnapshot | undefined {
  const identity = identify(place.volume, file, CHECKSUM_BYTES)
  const known = identity && recall<StoredSnapshot>(identity)
  if (known) return known
  const found = readIfPresent(place, file)
  const bytes = found && inflateLarge(found, MAX_SNAPSHOT_BYTES)
  const snapshot = bytes && decodeSnapshot(bytes)
  if (!snapshot) return undefined
  const baseBytes = bytes.length
  const base = { ...snapshot, checksum: checksumOf(bytes) }
  const stored = { ...snapshot, base, baseBytes }
  // It may have been replaced in between.
  if (identity?.end === base.checksum) remember({ ...identity, bytes: baseBytes }, stored)
  return stored
}

function readIfPresent({ volume }: SnapshotPlace, file: string): Buffer | undefined {
  return volume.readFile(file, MAX_SNAPSHOT_BYTES)
}

/** Whether one can be written as what differs from the other. */
function isSameKind(one: Snapshot, other: Snapshot): boolean {
  const isSameFormat = one.commit.length === other.commit.length
  return isSameFormat && one.origin?.selection === other.origin?.selection
}

const snapshotOf = ({ stateDirectory }: SnapshotPlace) => path.join(stateDirectory, 'snapshot')
const changesOf = ({ stateDirectory }: SnapshotPlace) =>
  path.join(stateDirectory, 'snapshot.changes')
const recheckOf = ({ stateDirectory }: SnapshotPlace) =>
  path.join(stateDirectory, 'snapshot.doubted')
const stagedOf = (file: string) => `${file}.next`
