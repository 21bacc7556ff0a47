// Which packs are joined, and what of each object goes into the joined pack: the smallest copy that
// there is, its deflated bytes as they are. A delta stays one where its base goes along and no circle
// closes; else the object is written whole.
import type { Oid } from '../../git/oid.js'
import type { StoredPack } from './objects.js'

/** Packs are joined before there are as many as this. */
const MAX_PACKS = 16
/** What may be beside what is of use, as a share of it. */
const MOST_WASTE = 0.15
/** A pack stays that is this many times as large as all smaller ones together. */
const GROWTH = 2
/** As git's own: longer chains of deltas take long to read. */
export const MAX_CHAIN = 50

/** One copy of an object in a pack. */
export interface PackedCopy {
  pack: StoredPack
  offset: number
  /** Where the next entry starts. */
  end: number
  crc: number
  /** What it is a delta of; undefined where it is whole. */
  base: Oid | undefined
  /** Whether it is whole, and to be made a delta of the base where that takes less. @default false */
  isToShrink?: boolean
}

/** An entry of the joined pack: a copy as it is, or, where it is undefined, the whole object. */
export interface PlannedEntry {
  oid: Oid
  copy: PackedCopy | undefined
}

/** A pack that may be joined, with its index, in bytes. */
export interface SizedPack {
  pack: StoredPack
  bytes: number
}

/**
 * The packs that are to become one, given how many bytes of all are of use, if that is known; none
 * while it costs more than it saves.
 */
export function packsToJoin(
  packs: readonly SizedPack[],
  liveBytes: number | undefined,
): SizedPack[] {
  const sorted = [...packs].sort((one, other) => one.bytes - other.bytes)
  const total = sorted.reduce((sum, { bytes }) => sum + bytes, 0)
  const wanted = liveBytes ?? sorted.at(-1)?.bytes ?? 0
  if (total > wanted * (1 + MOST_WASTE) && (sorted.length > 1 || liveBytes !== undefined)) {
    return sorted
  }
  if (sorted.length < MAX_PACKS) return []
  let joined = 0
  for (const [count, { bytes }] of sorted.entries()) {
    if (count > 1 && bytes >= GROWTH * joined) return sorted.slice(0, count)
    joined += bytes
  }
  return sorted
}

/** What a plan is made of. */
export interface PlanSource {
  /** The copies of an object in the packs that are joined. */
  copiesOf(oid: Oid): readonly PackedCopy[]
  /** What an object that is whole may be made a delta of. */
  deltaBaseOf(oid: Oid): Oid | undefined
  /** Whether what a delta makes is too large to be written whole: then its base goes along. */
  isTooLarge(copy: PackedCopy): boolean
  /** Throws when the work is to be given up. */
  checkpoint(): void
}

/** The entries of a joined pack, each base before what builds on it. */
export function planEntries(
  wanted: Iterable<Oid>,
  { checkpoint, copiesOf, deltaBaseOf, isTooLarge }: PlanSource,
): PlannedEntry[] {
  const wantedSet = new Set(wanted)
  const plan: PlannedEntry[] = []
  /** How many deltas it takes to read what is planned; undefined while that is being found out. */
  const depths = new Map<Oid, number | undefined>()
  const add = (oid: Oid, copy: PackedCopy | undefined, depth: number) => {
    depths.set(oid, depth)
    plan.push({ oid, copy })
  }
  const choices = (oid: Oid) => {
    const copies = [...copiesOf(oid)].sort((one, other) => sizeOf(one) - sizeOf(other))
    const base = deltaBaseOf(oid)
    const [first] = copies
    return first && base !== undefined ? [{ ...first, base, isToShrink: true }, ...copies] : copies
  }
  for (const root of wantedSet) {
    const stack: { oid: Oid; left: PackedCopy[] }[] = []
    const enter = (oid: Oid) => {
      depths.set(oid, undefined)
      stack.push({ oid, left: choices(oid) })
    }
    if (!depths.has(root)) enter(root)
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      checkpoint()
      const { left, oid } = top
      const copy = left[0]
      if (!copy || copy.base === undefined) {
        add(oid, copy, 0)
        stack.pop()
        continue
      }
      if (left.length === 1 && !wantedSet.has(copy.base) && isTooLarge(copy)) {
        wantedSet.add(copy.base)
      }
      if (!wantedSet.has(copy.base)) left.shift()
      else if (!depths.has(copy.base)) enter(copy.base)
      else {
        const depth = depths.get(copy.base)
        const isLong = depth !== undefined && depth >= MAX_CHAIN
        // It builds on what is on this stack, or on too much.
        if (depth === undefined || (isLong && !(left.length === 1 && isTooLarge(copy))))
          left.shift()
        else {
          add(oid, copy, depth + 1)
          stack.pop()
        }
      }
    }
  }
  return plan
}

/** How many bytes a copy takes. */
export function sizeOf({ end, offset }: PackedCopy): number {
  return end - offset
}
