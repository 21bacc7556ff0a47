// Whose turn it is of what waits for a place. What waits is in lanes, as the remotes of one host
// are, of which each takes so many places at most. Lanes take turns, so that however much waits in
// one of them, no other is held up by it; within one, the order is that of coming. What is urgent
// goes first, but for each fourth turn, so that a flood of it holds up nothing else for good.

/** What takes at most so many places at once. */
export interface Lane {
  name: string
  places: number
}

/** So many turns in a row are those of what is urgent, while something else waits. */
const URGENT_IN_A_ROW = 3

interface OpenLane<K> {
  running: number
  /** What is urgent, and what is not. */
  waiting: readonly [Set<K>, Set<K>]
}

type Class = 0 | 1
const URGENT: Class = 0
const USUAL: Class = 1

/** Keys that wait, and the places that lanes have taken. */
export class Lanes<K> {
  /** Those in which something waits or runs. */
  readonly #open = new Map<string, OpenLane<K>>()
  /** In which lane, and how urgently, a key waits. */
  readonly #waiting = new Map<K, { lane: Lane; of: Class }>()
  /** Lanes in which something waits and a place is free, the one first whose turn it is. */
  readonly #turns: readonly [Map<string, Lane>, Map<string, Lane>] = [new Map(), new Map()]
  #urgentInARow = 0

  /** How many keys wait. */
  get size(): number {
    return this.#waiting.size
  }

  has(key: K): boolean {
    return this.#waiting.has(key)
  }

  /** Has `key` wait, behind all others of its lane; one that waits already becomes urgent at most. */
  add(key: K, lane: Lane, isUrgent: boolean): void {
    const known = this.#waiting.get(key)
    if (known && (known.of === URGENT || !isUrgent)) return
    if (known) this.delete(key)
    const of = isUrgent ? URGENT : USUAL
    this.#waiting.set(key, { lane, of })
    this.#laneOf(lane).waiting[of].add(key)
    this.#queue(lane)
  }

  delete(key: K): void {
    const known = this.#waiting.get(key)
    if (!known) return
    this.#waiting.delete(key)
    this.#laneOf(known.lane).waiting[known.of].delete(key)
    this.#queue(known.lane)
  }

  clear(): void {
    for (const key of [...this.#waiting.keys()]) this.delete(key)
  }

  /** Takes the next key and a place of its lane; undefined where none may begin. */
  take(): { key: K; lane: Lane } | undefined {
    const isOther = this.#urgentInARow >= URGENT_IN_A_ROW && this.#turns[USUAL].size > 0
    const of = isOther || this.#turns[URGENT].size === 0 ? USUAL : URGENT
    for (const lane of this.#turns[of].values()) {
      for (const key of this.#laneOf(lane).waiting[of]) {
        this.#urgentInARow = of === URGENT ? this.#urgentInARow + 1 : 0
        this.#laneOf(lane).running++
        // To the end of all turns.
        this.#turns[of].delete(lane.name)
        this.delete(key)
        return { key, lane }
      }
    }
    return undefined
  }

  /** Gives a place back that was taken. */
  free(lane: Lane): void {
    this.#laneOf(lane).running--
    this.#queue(lane)
  }

  #laneOf({ name }: Lane): OpenLane<K> {
    const open = this.#open.get(name) ?? { running: 0, waiting: [new Set<K>(), new Set<K>()] }
    this.#open.set(name, open)
    return open
  }

  /** Has a lane wait for its turn where it may, at the end, unless it does already. */
  #queue(lane: Lane): void {
    const { running, waiting } = this.#laneOf(lane)
    for (const of of [URGENT, USUAL] as const) {
      const mayBegin = waiting[of].size > 0 && running < lane.places
      if (!mayBegin) this.#turns[of].delete(lane.name)
      else if (!this.#turns[of].has(lane.name)) this.#turns[of].set(lane.name, lane)
    }
    if (running + waiting[URGENT].size + waiting[USUAL].size === 0) this.#open.delete(lane.name)
  }
}
