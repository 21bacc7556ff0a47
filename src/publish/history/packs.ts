// Puts complete packs into the repository: a pack is there for git with its index, which comes last. Until
// refs lead to it, a `.keep` beside it tells a `git gc` of somebody that it is of use.
import path from 'node:path'
import type { CompletePack } from '../../pack/kept-pack.js'
import { readUnless, UNREADABLE } from '../../volume/errnos.js'
import { assertLease } from '../lease/lease.js'
import type { HistoryLayout } from './layout.js'
import { writeText } from './write-whole.js'

/** Tells a `.keep` of this service from those of others. */
const KEEP = 'git-autosync has not published it yet\n'

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
    // Whole or not at all: one that a kill left empty would be somebody's, as by `touch`.
    if (!volume.stat(`${name}.keep`)) writeText(volume, repository, `${name}.keep`, KEEP)
    volume.replace(index, `${name}.idx`)
  }
  volume.flushDirectory(directory)
}

/** Lets go the packs to which refs lead by now: they may be joined, by whomever. */
export function releasePacks({ repository, volume }: HistoryLayout): void {
  const directory = path.join(repository, 'objects/pack')
  for (const name of readUnless(UNREADABLE, () => volume.names(directory)) ?? []) {
    if (!name.endsWith('.keep')) continue
    const file = path.join(directory, name)
    const text = readUnless([...UNREADABLE, 'EFBIG'], () => volume.readFile(file, KEEP.length))
    if (text?.toString('latin1') === KEEP) volume.removeFile(file)
  }
}
