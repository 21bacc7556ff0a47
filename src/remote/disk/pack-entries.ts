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
      /** Where each entry of the pack went. */
      const starts = new Map<number, number>()
      for (const offset of Float64Array.from(offsets).sort()) {
        const start = position
        const distanceTo = (base: number) => {
          const at = starts.get(base)
          return at === undefined ? undefined : start - at
        }
        for await (const bytes of store.encodePacked({ pack, offset }, distanceTo)) {
          position += bytes.length
          yield bytes
        }
        starts.set(offset, start)
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
