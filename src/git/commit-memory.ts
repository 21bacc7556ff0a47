// Memory that one sync may take for what it holds whole, of its part of the budget.

import { collectGarbage } from '../thread/garbage.js'
import { HeldMemory, type MemoryPart } from '../thread/memory-budget.js'
import type { WholeMemory } from './whole-objects.js'

/** One tree takes at most this share of the budget: a base, a delta and what they make fit. */
const MAX_TREE_SHARE = 1 / 8

/** All trees of a commit together: they are held while it is published. */
const MAX_TREES_SHARE = 1 / 2

/** For so much more that is held, in bytes, garbage is collected. */
const GARBAGE_STEP_BYTES = 8 * 1024 * 1024

export class CommitMemory implements WholeMemory {
  readonly maxTreeBytes: number
  readonly maxTreesBytes: number
  readonly #held: HeldMemory
  readonly #collectGarbage: () => void
  readonly #checkpoint: () => void
  /** What is held for each purpose, in bytes. */
  readonly #purposes = new Map<string, number>()
  #heldBytes = 0
  /** Beyond so much, in bytes, garbage is collected next: at first beyond its own part. */
  #collectAt: number
  /** The entries of all packs, in bytes. */
  #entryBytes = 0

  /** `collect` frees what this thread does not hold any more, of which nothing is counted. */
  constructor(part: MemoryPart, checkpoint: () => void, collect = collectGarbage) {
    this.maxTreeBytes = Math.floor(part.budget.bytes * MAX_TREE_SHARE)
    this.maxTreesBytes = Math.floor(part.budget.bytes * MAX_TREES_SHARE)
    this.#held = new HeldMemory(part)
    this.#collectAt = Math.max(part.ownBytes, GARBAGE_STEP_BYTES)
    this.#collectGarbage = collect
    this.#checkpoint = checkpoint
  }

  /** The same memory for one of several packs: the entries of all are held at once. */
  forPack(): WholeMemory {
    const { maxTreeBytes, maxTreesBytes } = this
    let entryBytes = 0
    const hold: WholeMemory['hold'] = (purpose, bytes) => {
      if (purpose !== 'entries') return this.hold(purpose, bytes)
      this.#entryBytes += Math.max(0, bytes - entryBytes)
      entryBytes = Math.max(bytes, entryBytes)
      this.hold('entries', this.#entryBytes)
    }
    return { maxTreeBytes, maxTreesBytes, hold }
  }

  /** Holds nothing any more. */
  release(): void {
    if (this.#heldBytes === 0) return
    this.#purposes.clear()
    this.#heldBytes = 0
    this.#entryBytes = 0
    this.#held.release()
  }

  hold(purpose: string, bytes: number): void {
    const more = bytes - (this.#purposes.get(purpose) ?? 0)
    if (more <= 0) return
    this.#heldBytes += more
    if (this.#heldBytes > this.#collectAt) {
      this.#collectGarbage()
      this.#collectAt = this.#heldBytes + GARBAGE_STEP_BYTES
    }
    this.#held.takeBlocking(more, this.#checkpoint)
    this.#purposes.set(purpose, bytes)
  }
}
