// What is remembered of each entry of a pack: a few bytes, as there may be millions.
import type { Oid } from '../git/oid.js'

/** What an entry builds on: nothing, an earlier entry, or an oid that is not in the pack yet. */
export type Base = undefined | number | Oid

export class EntryList {
  /** Where each entry starts in the pack, in ascending order. */
  readonly #offsets: number[] = []
  readonly #bases: Base[] = []
  readonly #unresolved = new Set<number>()

  /** How many entries have no object yet. */
  get unresolvedCount(): number {
    return this.#unresolved.size
  }

  /** Adds the next entry, unresolved, and returns its index. */
  add(offset: number, base: Base): number {
    this.#offsets.push(offset)
    const index = this.#bases.push(base) - 1
    this.#unresolved.add(index)
    return index
  }

  /** Where an entry starts; undefined for one that is not there yet. */
  offsetOf(index: number): number | undefined {
    return this.#offsets[index]
  }

  /** The entry that starts at `offset`; undefined where none does. */
  startingAt(offset: number): number | undefined {
    let low = 0
    let high = this.#offsets.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#offsets[middle] as number) < offset) low = middle + 1
      else high = middle
    }
    return this.#offsets[low] === offset ? low : undefined
  }

  baseOf(index: number): Base {
    return this.#bases[index]
  }

  setBase(index: number, base: number): void {
    this.#bases[index] = base
  }

  /** Whether the object of an entry was computed; then also those of all it builds on. */
  isResolved(index: number): boolean {
    return !this.#unresolved.has(index)
  }

  setResolved(index: number): void {
    this.#unresolved.delete(index)
  }
}
