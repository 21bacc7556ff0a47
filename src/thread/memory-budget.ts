// Memory that all threads share, for what must be held whole. A part of it is each piece of work's own,
// of which nobody else takes; half of it is the reserve, which is for one piece of work at a time: for
// that itself, and for one of its helpers in other threads, as it may wait for what they make. Who has the
// reserve waits for nobody, if a helper gives its hold back before it waits for the work; and the others
// wait for nobody but him. So there is no deadlock, and whether something fits does not depend on what
// else goes on.
import { setTimeout as sleep } from 'node:timers/promises'
import type { SyncError } from '../base/errors.js'

/** A number of bytes, and who has the reserve; it can be cloned, and all clones are one. */
export interface MemoryBudget {
  bytes: number
  /** Who has the reserve: the number of a part, and which of its sides; or 0. And the number given out last. */
  shared: Int32Array
}

/** What one piece of work may take: a part of its own, and the reserve. It can be cloned. */
export interface MemoryPart {
  budget: MemoryBudget
  ownBytes: number
  /** Tells it from every other part that is in use. */
  id: number
  /** Who takes of it. */
  side: Side
  /** 1 while this side has the reserve. */
  taken: Int32Array
  /** One of them is 1 from its end on: what still runs in another thread has no reserve any more. */
  closed: readonly Int32Array[]
}

/** The piece of work itself, and whoever helps it in another thread: one bit each. */
type Side = 1 | 2
const [ITSELF, HELPER] = [1, 2] as const

/** Beside the sides, so much of a number has room. */
const MAX_ID = 2 ** 29 - 1
const SIDE_BITS = 2

const [HOLDER, LAST_ID] = [0, 1]
/** How often one who waits looks whether it is to give up, in milliseconds. */
const LOOK_MS = 50

/** A budget of which nothing is taken. */
export function createMemoryBudget(bytes: number): MemoryBudget {
  return { bytes, shared: new Int32Array(new SharedArrayBuffer(8)) }
}

/** A new part, of `share` of the budget, 0 to 1. */
export function openPart(budget: MemoryBudget, share: number): MemoryPart {
  const id = (Atomics.add(budget.shared, LAST_ID, 1) + 1) & MAX_ID
  const ownBytes = Math.floor(budget.bytes * share)
  return { budget, ownBytes, id: id || 1, side: ITSELF, taken: flag(), closed: [flag()] }
}

/** The same part for one who helps the piece of work, with so many bytes of its own on top. */
export function helperPart(part: MemoryPart, ownBytes: number): MemoryPart {
  const closed = [...part.closed, flag()]
  return { ...part, ownBytes: Math.floor(ownBytes), side: HELPER, taken: flag(), closed }
}

function flag(): Int32Array {
  return new Int32Array(new SharedArrayBuffer(4))
}

/**
 * Ends a part, and gives the reserve back where it has it: also for one whose thread is not there any
 * more. That of a piece of work ends its helpers', too.
 */
export function closePart(part: MemoryPart): void {
  Atomics.store(part.closed.at(-1) as Int32Array, 0, 1)
  if (part.side === ITSELF) freeReserve(part)
  else giveBack(part)
}

/** Gives back what one side has of the reserve, once, whoever of two threads does it. */
function giveBack(part: MemoryPart): void {
  if (Atomics.exchange(part.taken, 0, 0) === 1) freeReserve(part, part.side)
}

/** Takes the reserve for one side of a part; false where it is another's, or that side has it already. */
function takeReserve({ budget: { shared }, id, side }: MemoryPart): boolean {
  for (;;) {
    const holder = Atomics.load(shared, HOLDER)
    const isFree = holder === 0 || (holder >>> SIDE_BITS === id && (holder & side) === 0)
    if (!isFree) return false
    const next = holder | (id << SIDE_BITS) | side
    if (Atomics.compareExchange(shared, HOLDER, holder, next) === holder) return true
  }
}

/** Gives back what `sides` of a part have of the reserve. */
function freeReserve({ budget: { shared }, id }: MemoryPart, sides = ITSELF | HELPER): void {
  for (;;) {
    const holder = Atomics.load(shared, HOLDER)
    if (holder >>> SIDE_BITS !== id) return
    const left = holder & ~sides
    const next = (left & (ITSELF | HELPER)) === 0 ? 0 : left
    if (Atomics.compareExchange(shared, HOLDER, holder, next) !== holder) continue
    Atomics.notify(shared, HOLDER)
    return
  }
}

/** Whether a part has the reserve, whichever side of it. */
export function hasReserve({ budget: { shared }, id }: MemoryPart): boolean {
  return Atomics.load(shared, HOLDER) >>> SIDE_BITS === id
}

/** What is held of a part. */
export class HeldMemory {
  readonly #part: MemoryPart
  readonly #refuse: ((budgetBytes: number) => SyncError) | undefined
  #bytes = 0

  /**
   * `refuse` is the fault of what never fits; without it, whoever wants more than there is has the
   * reserve to itself, however much it takes.
   */
  constructor(part: MemoryPart, refuse?: (budgetBytes: number) => SyncError) {
    this.#part = part
    this.#refuse = refuse
  }

  /** Takes more; false where the reserve is another's. Throws what `refuse` gives. */
  tryToTake(bytes: number): boolean {
    const { budget, closed, ownBytes, taken } = this.#part
    const after = this.#bytes + bytes
    if (this.#refuse && after > ownBytes + budget.bytes / 2) throw this.#refuse(budget.bytes)
    if (after > ownBytes) {
      if (Atomics.load(taken, 0) === 0) {
        if (!takeReserve(this.#part)) return false
        Atomics.store(taken, 0, 1)
      }
      if (closed.some((ended) => Atomics.load(ended, 0) === 1)) {
        // Nobody else would give it back.
        giveBack(this.#part)
        throw new Error('memory was asked for after the end of what it was for')
      }
    }
    this.#bytes = after
    return true
  }

  /** Gives all of it back. */
  release(): void {
    this.#bytes = 0
    giveBack(this.#part)
  }

  /** Takes more in a thread that may be blocked; `checkpoint` throws when it is to give up. */
  takeBlocking(bytes: number, checkpoint: () => void): void {
    while (!this.tryToTake(bytes)) {
      checkpoint()
      const { shared } = this.#part.budget
      const holder = Atomics.load(shared, HOLDER)
      if (holder !== 0) Atomics.wait(shared, HOLDER, holder, LOOK_MS)
    }
  }

  /** Takes more, and waits for it without blocking; `checkpoint` throws when it is to give up. */
  async take(bytes: number, checkpoint: () => void): Promise<void> {
    while (!this.tryToTake(bytes)) {
      checkpoint()
      await sleep(LOOK_MS)
    }
  }
}
