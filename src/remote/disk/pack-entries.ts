// The entries of a pack that is sent: what is in a pack here goes as it is stored there. A delta stays one
// where its base went before it from the same pack, so that none can build on itself; else it goes whole.
import type { Oid } from '../../git/oid.js'
import type { ObjectStore } from './object-store.js'
import type { PackFile } from './pack-file.js'

/** The objects group by group, each in the order of the packs that they are in; bases are in the same group. */
export async function* encodeEntries(
  store: ObjectStore,
  groups: readonly (readonly Oid[])[],
): AsyncGenerator<Buffer> {
  let position = 0
  for (const oids of groups) {
    const { loose, packed } = placesOf(store, oids)
    for (const [pack, offsets] of packed) {
      const sorted = Float64Array.from(offsets).sort()
      /** Where each of them went. */
      const starts = new Float64Array(sorted.length)
      for (const [at, offset] of sorted.entries()) {
        const start = position
        starts[at] = start
        const distanceTo = (base: number) => {
          const before = positionIn(sorted, base, at)
          return before === undefined ? undefined : start - (starts[before] as number)
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

function placesOf(store: ObjectStore, oids: readonly Oid[]) {
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
  return { loose, packed }
}
