// Every copy of every object that a repository's packs hold, by their indexes and the headers of their
// entries; nothing is inflated.
import { type Oid, oidBytes } from '../../git/oid.js'
import { isDamage, type RepositoryObjects, type StoredPack } from './objects.js'
import type { PackedCopy } from './pack-plan.js'

/** The copies of each object in some packs. */
export type PackCopies = Map<Oid, PackedCopy[]>

/** Finds the copies in packs, but for those that are damaged, which are left out of `packs`. */
export function copiesIn(
  packs: Set<StoredPack>,
  { objectFormat }: Pick<RepositoryObjects, 'objectFormat'>,
  checkpoint: () => void,
): PackCopies {
  const copies: PackCopies = new Map()
  const rowsOf = (pack: StoredPack) => {
    try {
      return [...pack.file.index.objects()].sort((one, other) => one.offset - other.offset)
    } catch (error) {
      if (!isDamage(error)) throw error
      packs.delete(pack)
      return []
    }
  }
  for (const pack of packs) {
    const rows = rowsOf(pack)
    const atOffset = new Map(rows.map(({ oid, offset }) => [offset, oid]))
    const packEnd = pack.file.size - oidBytes(objectFormat)
    for (const [at, { crc, offset, oid }] of rows.entries()) {
      checkpoint()
      const { kind } = pack.file.headerAt(offset)
      const base =
        kind.type === 'ofs-delta'
          ? atOffset.get(offset - kind.distance)
          : kind.type === 'ref-delta'
            ? kind.base
            : undefined
      const end = rows[at + 1]?.offset ?? packEnd
      // A delta of something that is no object is none that can be read.
      if (kind.type === 'ofs-delta' && base === undefined) continue
      const copy = { pack, offset, end, crc, base }
      const known = copies.get(oid)
      if (known) known.push(copy)
      else copies.set(oid, [copy])
    }
  }
  return copies
}
