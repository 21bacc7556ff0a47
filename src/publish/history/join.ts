// Keeps the repository behind published files small: packs are joined before there are many, and what
// nothing leads to any more goes. What replaces packs is in place before they are removed, as with
// `git gc`; an interruption leaves more than is needed, and never less.
import path from 'node:path'
import type { ObjectFormat, Oid } from '../../git/oid.js'
import { readUnless, UNREADABLE } from '../../volume/errnos.js'
import { assertLease } from '../lease/lease.js'
import type { HistoryDepth } from '../snapshot/published-history.js'
import { type DeltaBases, findDeltaBases } from './delta-bases.js'
import { breakLocks, withLock } from './git-lock.js'
import { readStamp, stampOf, writeStamp } from './join-stamp.js'
import { encodeJoined, type JoinedPack } from './joined-pack.js'
import type { HistoryLayout } from './layout.js'
import { type LiveObjects, liveObjects } from './live-objects.js'
import { isDamage, RepositoryObjects, type StoredPack } from './objects.js'
import { copiesIn, type PackCopies } from './pack-copies.js'
import { packsToJoin, planEntries, type SizedPack, sizeOf } from './pack-plan.js'
import { expireLog } from './reflog.js'
import { writeShallow } from './shallow.js'

export interface JoinOptions {
  objectFormat: ObjectFormat
  depth: HistoryDepth
  /** Throws when the work is to be given up; what was done by then stands. */
  checkpoint: () => void
  /** Whether it is done as soon as anything is of no use. @default where it is worth it */
  isAlways?: boolean
  /** In milliseconds. @default Date.now() */
  now?: number
  /** Larger packs stay as they are. @default 300,000, some 250 bytes each in memory */
  maxObjects?: number
}

const MAX_OBJECTS = 300_000
interface CountedPack extends SizedPack {
  /** How many it has at most. */
  objects: number
}

/** Of the index of a pack, for each object: its oid, its offset, and a checksum, in bytes. */
const ROW_BYTES = 28
/** An object that is larger is not held to be written whole, in bytes. */
const MAX_WHOLE_BYTES = 64 * 1024 * 1024
/** What has no index may be in the making by git, or by whoever copies it. */
const LEFT_OVER_MS = 60 * 60 * 1000

/**
 * Joins packs, and removes what is not of use, where that is worth it. Returns whether it did. A
 * repository that is damaged is left as it is.
 */
export function joinPacks(layout: HistoryLayout, options: JoinOptions): boolean {
  removeLeftOvers(layout, options)
  breakLocks(layout)
  const { text, joined } = readStamp(layout)
  const { depth } = options
  if (text === stampOf(layout, depth, joined).text) return false
  const objects = new RepositoryObjects(layout, options.objectFormat)
  let name: string | undefined
  try {
    name = join(layout, objects, joined, options)
  } catch (error) {
    if (!isDamage(error)) throw error
  } finally {
    objects.close()
  }
  const known = name === undefined ? joined : new Set([...joined, name])
  writeStamp(layout, stampOf(layout, depth, known))
  return name !== undefined
}

/** Returns the name of the joined pack, which is empty where nothing was left; undefined where none was joined. */
function join(
  layout: HistoryLayout,
  objects: RepositoryObjects,
  known: ReadonlySet<string>,
  options: JoinOptions,
): string | undefined {
  const { checkpoint, depth, isAlways = false, maxObjects = MAX_OBJECTS } = options
  const all = sizedPacks(layout, objects)
  const found = packsWithin(all, maxObjects)
  const findLive = () => liveObjects(layout, objects, { checkpoint, depth, maxObjects })
  // Of a whole history, all is of use but what was forced away.
  let live = isAlways || depth !== 'full' ? findLive() : undefined
  const sound = new Set(found.map(({ pack }) => pack))
  const isFresh = ({ name }: StoredPack) => !known.has(name)
  // Among several, the new ones are joined with what they are deltas of once there is enough of them.
  const isFirst = found.length === 1 && found.every(({ pack }) => isFresh(pack))
  const copies = live || isFirst ? copiesIn(sound, objects, checkpoint) : undefined
  const bases = copies && findDeltaBases(layout, objects, { copies, isFresh, checkpoint })
  const packs = found.filter(({ pack }) => sound.has(pack))
  const isDead = (oid: Oid) => live?.oids.has(oid) === false
  const isWorth = isAlways && (packs.length > 1 || [...(copies?.keys() ?? [])].some(isDead))
  const wantedBytes =
    copies &&
    bases &&
    bytesOf(live?.oids ?? copies.keys(), copies) - bytesSaved(bases, live, copies)
  const joined = isWorth ? packs : packsToJoin(packs, wantedBytes)
  if (joined.length === 0) return undefined
  const isAll = joined.length === packs.length && found.length === all.length
  if (isAll) live ??= findLive()
  return replacePacks(layout, objects, joined, {
    ...options,
    findBases: (copies) =>
      bases ?? findDeltaBases(layout, objects, { copies, isFresh, checkpoint }),
    live: isAll ? live : undefined,
  })
}

interface ReplaceOptions extends JoinOptions {
  /** What may become deltas, given what the packs have. */
  findBases: (copies: PackCopies) => DeltaBases
  /** What is of use, where all packs are joined. */
  live: LiveObjects | undefined
}

/** Writes one pack in place of some, and returns its name; all others stay, and so does what only those need. */
function replacePacks(
  layout: HistoryLayout,
  objects: RepositoryObjects,
  joined: readonly SizedPack[],
  { checkpoint, findBases, live }: ReplaceOptions,
): string {
  const { lease, volume } = layout
  const directory = packDirectory(layout)
  // Damaged ones are left out of it, and stay.
  const sound = new Set(joined.map(({ pack }) => pack))
  const copies = copiesIn(sound, objects, checkpoint)
  const bases = findBases(copies)
  const wanted = live ? [...copies.keys()].filter((oid) => live.oids.has(oid)) : copies.keys()
  const plan = planEntries(wanted, {
    copiesOf: (oid) => copies.get(oid) ?? [],
    deltaBaseOf: (oid) => bases.get(oid),
    isTooLarge: ({ offset, pack }) => pack.file.deltaHeaderAt(offset).size > MAX_WHOLE_BYTES,
    checkpoint,
  })
  const [pack, index] = stagedFiles(layout)
  let written: JoinedPack | undefined
  if (plan.length > 0) {
    const pieces = function* () {
      written = yield* encodeJoined(plan, objects, checkpoint)
    }
    try {
      for (const file of [pack, index]) volume.removeFile(file)
      volume.writeNew(pack, 0o666, pieces())
      if (written) volume.writeNew(index, 0o666, written.index)
      volume.flush(pack)
      volume.flush(index)
    } catch (error) {
      // Half a pack may fill the volume.
      for (const file of [pack, index]) volume.removeFile(file)
      throw error
    }
  }
  const name = written ? `pack-${written.checksum}` : ''
  assertLease(lease)
  if (written) {
    const isPromised = [...sound].some((each) => hasFile(layout, `${each.name}.promisor`))
    volume.replace(pack, path.join(directory, `${name}.pack`))
    if (isPromised) volume.writeFile(path.join(directory, `${name}.promisor`), '')
    volume.replace(index, path.join(directory, `${name}.idx`))
    volume.flushDirectory(directory)
  }
  if (live) {
    withLock(layout, path.join(layout.repository, 'HEAD'), () =>
      expireLog(layout, live.oids, (commit) => objects.isLoose(commit)),
    )
    writeShallow(layout, live.shallow)
    // They may name what goes now; git goes without.
    for (const graph of ['commit-graph', 'commit-graphs']) {
      volume.removeAll(path.join(layout.repository, 'objects/info', graph))
    }
  }
  volume.removeFile(path.join(directory, 'multi-pack-index'))
  for (const pack of sound) if (pack.name !== name) removePack(layout, pack.name)
  return name
}

/** What an interruption left: half a pack, or one that has no index yet, or not any more. */
function removeLeftOvers(layout: HistoryLayout, { now = Date.now() }: JoinOptions): void {
  const { volume } = layout
  const names = new Set(namesIn(layout))
  for (const name of names) {
    const file = path.join(packDirectory(layout), name)
    const [, pack] = /^(pack-[0-9a-f]+)\.(?:pack|rev|bitmap|mtimes|promisor)$/.exec(name) ?? []
    const isOrphan = pack !== undefined && !names.has(`${pack}.idx`) && !names.has(`${pack}.keep`)
    // Whoever moves or copies a file cannot set this time.
    const isOld = () => now - (volume.stat(file)?.ctimeMs ?? now) > LEFT_OVER_MS
    if (isOrphan && isOld()) volume.removeFile(file)
  }
  for (const file of stagedFiles(layout)) volume.removeFile(file)
}

/** Where a pack and its index are written: `git prune` takes what is unfinished beside the packs. */
function stagedFiles({ repository }: HistoryLayout): [string, string] {
  return [path.join(repository, 'git-autosync.pack'), path.join(repository, 'git-autosync.idx')]
}

/** Its index goes first: without that, it is no pack any more. One that somebody keeps stays. */
function removePack(layout: HistoryLayout, name: string): void {
  if (hasFile(layout, `${name}.keep`)) return
  for (const extension of ['idx', 'rev', 'bitmap', 'mtimes', 'promisor', 'pack']) {
    layout.volume.removeFile(path.join(packDirectory(layout), `${name}.${extension}`))
  }
}

/** The packs that may be joined, in bytes on the disk, the smallest first; not one that somebody keeps. */
function sizedPacks(layout: HistoryLayout, { packs }: RepositoryObjects): CountedPack[] {
  return packs
    .filter(({ name }) => !hasFile(layout, `${name}.keep`))
    .map((pack) => {
      const index = layout.volume.stat(path.join(packDirectory(layout), `${pack.name}.idx`))
      const { size = 0 } = index ?? {}
      // One that is damaged says of itself what it likes.
      const objects = Math.min(pack.file.index.count, size / ROW_BYTES)
      return { pack, bytes: pack.file.size + size, objects }
    })
    .sort((one, other) => one.bytes - other.bytes)
}

/** The smallest packs, which have so many objects at most. */
function packsWithin(packs: readonly CountedPack[], maxObjects: number): SizedPack[] {
  let count = 0
  return packs.filter(({ objects }) => {
    count += objects
    return count <= maxObjects
  })
}

/** How many bytes less it is at most once objects are deltas. */
function bytesSaved(bases: DeltaBases, live: LiveObjects | undefined, copies: PackCopies): number {
  const oids = [...bases.keys()].filter((oid) => !live || live.oids.has(oid))
  return bytesOf(oids, copies) - oids.length * ROW_BYTES
}

/** How many bytes what is of use takes at least. */
function bytesOf(oids: Iterable<Oid>, copies: PackCopies): number {
  let bytes = 0
  for (const oid of oids) {
    const sizes = copies.get(oid)?.map(sizeOf)
    if (sizes) bytes += Math.min(...sizes) + ROW_BYTES
  }
  return bytes
}

function hasFile(layout: HistoryLayout, name: string): boolean {
  return layout.volume.stat(path.join(packDirectory(layout), name)) !== undefined
}

function namesIn(layout: HistoryLayout): string[] {
  return readUnless(UNREADABLE, () => layout.volume.names(packDirectory(layout))) ?? []
}

const packDirectory = ({ repository }: HistoryLayout) => path.join(repository, 'objects/pack')
