// Puts complete packs into the repository: a pack is there for git with its index, which comes last.
import path from 'node:path'
import type { CompletePack } from '../../pack/kept-pack.js'
import { assertLease } from '../lease/lease.js'
import type { HistoryLayout } from './layout.js'

/** How packs are put into a repository. */
export interface AdoptOptions {
  /** Whether the remote left out what a filter names: then what is missing may be had from there. */
  isFiltered?: boolean
}

/**
 * Moves packs, which lie on the volume of the repository, to its objects. They are on the disk when
 * it returns; no ref leads to them yet.
 */
export function adoptPacks(
  { lease, repository, volume }: HistoryLayout,
  packs: readonly CompletePack[],
  { isFiltered = false }: AdoptOptions = {},
): void {
  if (packs.length === 0) return
  assertLease(lease)
  const directory = path.join(repository, 'objects/pack')
  volume.ensureDirectory(directory)
  for (const { checksum, index, pack } of packs) {
    const name = path.join(directory, `pack-${checksum}`)
    volume.replace(pack, `${name}.pack`)
    if (isFiltered) volume.writeFile(`${name}.promisor`, '')
    volume.replace(index, `${name}.idx`)
  }
  volume.flushDirectory(directory)
}
