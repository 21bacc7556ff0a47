// What changes between two listings, by directory: two spellings of one path
// are the same entry.
import { isDeepStrictEqual } from 'node:util'
import type { Entry } from './entry.js'

export interface ListingDiff {
  /** In the order of the desired listing. */
  added: Entry[]
  /** In the order of the observed listing. */
  removed: Entry[]
  /** Entries of which any field differs, also only the spelling of the path. */
  changed: { from: Entry; to: Entry }[]
}

/** Compares two listings, neither of which names a directory twice. */
export function diffListings(observed: readonly Entry[], desired: readonly Entry[]): ListingDiff {
  const before = new Map(observed.map((entry) => [entry.directory, entry]))
  const kept = new Set(desired.map((entry) => entry.directory))
  const diff: ListingDiff = {
    added: [],
    removed: observed.filter((entry) => !kept.has(entry.directory)),
    changed: [],
  }
  for (const to of desired) {
    const from = before.get(to.directory)
    if (!from) diff.added.push(to)
    else if (!isDeepStrictEqual(from, to)) diff.changed.push({ from, to })
  }
  return diff
}

/**
 * Whether two states of one entry publish the same from the same remote in the same way, signed by the
 * same keys, and ask the same before.
 */
export function isSamePublication(from: Entry, to: Entry): boolean {
  const publicationOf = ({
    remote,
    credential,
    revision,
    selection,
    history,
    publish,
    clean,
    suspend,
    verify,
    before,
  }: Entry) => ({
    remote,
    selection,
    credential,
    revision,
    history,
    publish,
    clean,
    suspend,
    verify,
    before,
  })
  return isDeepStrictEqual(publicationOf(from), publicationOf(to))
}
