// The entries of a pack that is sent: what is in a pack here goes as it is stored there. A delta stays one
// where its base goes with it, from the same pack and before it, so that none can build on itself; else it
// goes whole. What is too large for that goes as it is, and all that it builds on with it.
import type { Oid } from '../../git/oid.js'
import type { ObjectStore } from './object-store.js'
import type { PackFile } from './pack-file.js'
import { MAX_MADE_WHOLE_BYTES } from './whole-object.js'

/** What goes, and in which order. */
export interface EntriesPlan {
  count: number
  groups: readonly PlannedGroup[]
}

interface PlannedGroup {
  loose: readonly Oid[]
  packed: readonly PlannedEntries[]
}

/** What goes of one pack. */
interface PlannedEntries {
  pack: PackFile
  /** Where the entries are in it, sorted. */
  offsets: Float64Array
  /** Those of deltas too large to be made whole. */
  large: ReadonlySet<number>
}

/** The objects group by group, each in the order of the packs that they are in; bases are in the same group. */
export function planEntries(store: ObjectStore, groups: readonly (readonly Oid[])[]): EntriesPlan {
  const planned = groups.map((oids) => planGroup(store, oids))
  let count = 0
  for (const { loose, packed } of planned) {
    count += loose.length
    for (const { offsets } of packed) count += offsets.length
  }
  return { count, groups: planned }
}

export async function* encodeEntries(
  store: ObjectStore,
  { groups }: EntriesPlan,
): AsyncGenerator<Buffer> {
  let position = 0
  for (const { loose, packed } of groups) {
    for (const { large, offsets, pack } of packed) {
      /** Where each of them went. */
      const starts = new Float64Array(offsets.length)
      for (const [at, offset] of offsets.entries()) {
        const start = position
        starts[at] = start
        const distanceTo = (base: number) => {
          const before = positionIn(offsets, base, at)
          if (before !== undefined) return start - (starts[before] as number)
          return large.has(offset) ? 'later' : undefined
        }
        for await (const bytes of store.encodePacked({ pack, offset }, distanceTo)) {
          position += bytes.length
          yield bytes
        }
      }
    }
    for (const oid of loose) {
      for await (const bytes of store.encode(oid)) {
        position += bytes.length
        yield bytes
      }
    }
  }
}

function planGroup(store: ObjectStore, oids: readonly Oid[]): PlannedGroup {
  const loose: Oid[] = []
  const packed = new Map<PackFile, number[]>()
  for (const oid of oids) {
    const location = store.locate(oid)
    // By the time it goes, it may be in a pack.
    if ('looseFile' in location) loose.push(oid)
    else {
      const offsets = packed.get(location.pack)
      if (offsets) offsets.push(location.offset)
      else packed.set(location.pack, [location.offset])
    }
  }
  return { loose, packed: [...packed].map(([pack, offsets]) => withBases(pack, offsets)) }
}

/** The entries at `offsets`, and what those build on that are too large to be made whole. */
function withBases(pack: PackFile, offsets: readonly number[]): PlannedEntries {
  const sorted = Float64Array.from(offsets).sort()
  const isSent = (offset: number) => positionIn(sorted, offset, sorted.length) !== undefined
  const isLarge = chainsOf(pack)
  const [large, bases] = [new Set<number>(), new Set<number>()]
  for (const offset of sorted) {
    const next = pack.baseAt(offset)
    if (next === undefined || (next < offset && isSent(next))) continue
    for (let at: number | undefined = offset; at !== undefined && isLarge(at); ) {
      large.add(at)
      at = pack.baseAt(at)
      // That goes, and is looked at by itself.
      if (at === undefined || isSent(at) || bases.has(at)) break
      bases.add(at)
    }
  }
  const all = bases.size === 0 ? sorted : Float64Array.from([...sorted, ...bases]).sort()
  return { pack, offsets: all, large }
}

/** Answers whether the entry at an offset is a delta too large to be made whole, or builds on one. */
function chainsOf(pack: PackFile): (offset: number) => boolean {
  const known = new Map<number, boolean>()
  return (offset) => {
    const chain: number[] = []
    let at: number | undefined = offset
    for (; at !== undefined && !known.has(at); at = pack.baseAt(at)) {
      chain.push(at)
      // What builds on itself must end, too.
      known.set(at, false)
    }
    let isLarge = at !== undefined && known.get(at) === true
    for (const delta of chain.reverse()) {
      if (!isLarge && pack.baseAt(delta) !== undefined) {
        const { baseSize, size } = pack.deltaHeaderAt(delta)
        isLarge = Math.max(baseSize, size) > MAX_MADE_WHOLE_BYTES
      }
      known.set(delta, isLarge)
    }
    return isLarge
  }
}

/** Where a number is among the first of some that are sorted, if it is. */
function positionIn(sorted: Float64Array, wanted: number, count: number): number | undefined {
  let [low, high] = [0, count]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((sorted[middle] as number) < wanted) low = middle + 1
    else high = middle
  }
  return low < count && sorted[low] === wanted ? low : undefined
}
