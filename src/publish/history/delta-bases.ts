// Which whole objects may become deltas as packs are joined: those that came without, as from a local
// repository whose objects have files of their own, where something stood at the same path before.

import { isDelta } from '../../git/entry-header.js'
import type { Oid } from '../../git/oid.js'
import { readUnless, UNREADABLE } from '../../volume/errnos.js'
import type { HistoryLayout } from './layout.js'
import { rootsOf } from './live-objects.js'
import { isDamage, type RepositoryObjects, type StoredPack } from './objects.js'
import type { PackCopies } from './pack-copies.js'
import { MAX_CHAIN, type PackedCopy, sizeOf } from './pack-plan.js'
import { predecessorsIn } from './predecessors.js'

/** A delta of less saves nothing. */
const MIN_BYTES = 64
/** What is larger is not held for a delta, nor is its base, in bytes. */
const MAX_BYTES = 32 * 1024 * 1024

/** Of each object that may become a delta, what it may be one of. */
export type DeltaBases = ReadonlyMap<Oid, Oid>

export interface DeltaBaseOptions {
  copies: PackCopies
  /** Whether nobody looked for deltas in a pack yet. */
  isFresh(pack: StoredPack): boolean
  checkpoint(): void
}

/**
 * Finds bases for what is whole in fresh packs; no chain of deltas gets too long by them. Where something
 * is damaged, nothing becomes a delta.
 */
export function findDeltaBases(
  layout: HistoryLayout,
  objects: RepositoryObjects,
  options: DeltaBaseOptions,
): DeltaBases {
  try {
    return findBases(layout, objects, options)
  } catch (error) {
    if (!isDamage(error)) throw error
    return new Map()
  }
}

function findBases(
  layout: HistoryLayout,
  objects: RepositoryObjects,
  { checkpoint, copies, isFresh }: DeltaBaseOptions,
): DeltaBases {
  const bases = new Map<Oid, Oid>()
  const isNew = (oid: Oid) => copies.get(oid)?.some(({ pack }) => isFresh(pack)) ?? false
  const heads = readUnless(UNREADABLE, () => rootsOf(layout).published) ?? []
  const chains = new Chains(copies)
  const rootOf = (oid: Oid) => chains.rootOf(oid)
  const predecessors = predecessorsIn(objects, { heads, isNew, rootOf, checkpoint })
  for (const oid of predecessors.keys()) {
    checkpoint()
    const copy = smallest(copies.get(oid))
    if (!copy || copy.base !== undefined || !isFresh(copy.pack) || !isFit(copy)) continue
    let base = predecessors.get(oid)
    // A newer one may be whole, and the one before it a delta of it.
    for (let steps = 0; base !== undefined && steps < MAX_CHAIN; steps++) {
      if (chains.rootOf(base) !== oid) break
      base = predecessors.get(base)
    }
    const baseCopy = base === undefined ? undefined : smallest(copies.get(base))
    if (base === undefined || !baseCopy || chains.rootOf(base) === oid || !isFit(baseCopy)) continue
    if (chains.depthOf(base) + chains.heightOf(oid) >= MAX_CHAIN) continue
    bases.set(oid, base)
    chains.build(oid, base)
  }
  return bases
}

/** Where the deltas end that it takes to read an object, and how many they are. */
interface ChainEnd {
  root: Oid
  depth: number
}

/** How the deltas of some packs build on each other, by the smallest copy of each, and those that are to be made. */
class Chains {
  readonly #copies: PackCopies
  /** By the deltas of the packs alone. */
  readonly #ends = new Map<Oid, ChainEnd>()
  /** The bases of what is whole in the packs. */
  readonly #bases = new Map<Oid, Oid>()
  readonly #heights = new Map<Oid, number>()

  constructor(copies: PackCopies) {
    this.#copies = copies
    for (const oid of copies.keys()) {
      const { depth, root } = this.#endOf(oid)
      this.#raise(root, depth)
    }
  }

  /** Makes a delta of what is whole, and on which the base does not build. */
  build(oid: Oid, base: Oid): void {
    this.#bases.set(oid, base)
    const { depth, root } = this.#wayOf(oid)
    this.#raise(root, depth + this.heightOf(oid))
  }

  /** The whole object that one builds on in the end: itself, where it is whole. */
  rootOf(oid: Oid): Oid {
    return this.#wayOf(oid).root
  }

  /** How many deltas it takes to read one. */
  depthOf(oid: Oid): number {
    return this.#wayOf(oid).depth
  }

  /** How many deltas it takes to read what builds on a whole one. */
  heightOf(root: Oid): number {
    return this.#heights.get(root) ?? 0
  }

  #raise(root: Oid, height: number): void {
    if (height > this.heightOf(root)) this.#heights.set(root, height)
  }

  #wayOf(oid: Oid): ChainEnd {
    let { depth, root } = this.#endOf(oid)
    for (let base = this.#bases.get(root); base !== undefined; base = this.#bases.get(root)) {
      const end = this.#endOf(base)
      depth += 1 + end.depth
      root = end.root
    }
    return { root, depth }
  }

  #endOf(oid: Oid): ChainEnd {
    const chain: Oid[] = []
    let end = this.#ends.get(oid)
    // Copies of several packs may build on each other in a circle, which a plan opens.
    const seen = new Set<Oid>()
    for (let at = oid; !end; ) {
      const base = seen.has(at) ? undefined : smallest(this.#copies.get(at))?.base
      if (base === undefined) end = { root: at, depth: 0 }
      else {
        chain.push(at)
        seen.add(at)
        at = base
        end = this.#ends.get(at)
      }
    }
    for (const at of chain.reverse()) {
      end = { root: end.root, depth: end.depth + 1 }
      this.#ends.set(at, end)
    }
    return end
  }
}

function smallest(copies: readonly PackedCopy[] = []): PackedCopy | undefined {
  return copies.reduce<PackedCopy | undefined>(
    (least, copy) => (least && sizeOf(least) <= sizeOf(copy) ? least : copy),
    undefined,
  )
}

/** Whether the object of a copy is neither too small nor too large. */
function isFit({ offset, pack }: PackedCopy): boolean {
  const { kind, size } = pack.file.headerAt(offset)
  const bytes = isDelta(kind) ? pack.file.deltaHeaderAt(offset).size : size
  return bytes >= MIN_BYTES && bytes <= MAX_BYTES
}
