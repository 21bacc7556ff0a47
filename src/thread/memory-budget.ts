// Memory that all threads share, for what must be held whole. Half of it is divided into parts, one
// for each piece of work, of which nobody else takes; the other half is the reserve, which is for one
// piece of work at a time. Who has the reserve waits for nobody, and the others for nobody but him:
// so there is no deadlock, and whether something fits does not depend on what else goes on.
import { setTimeout as sleep } from 'node:timers/promises'
import type { SyncError } from '../base/errors.js'

/** A number of bytes, and who has the reserve; it can be cloned, and all clones are one. */
export interface MemoryBudget {
  bytes: number
  /** The number of who has the reserve, or 0; and the number that was given out last. */
  shared: Int32Array
}

/** What one piece of work may take: a part of its own, and the reserve. It can be cloned. */
export interface MemoryPart {
  budget: MemoryBudget
  ownBytes: number
  /** Tells it from every other part that is in use. */
  id: number
  /** 1 from its end on: what still runs of its work in another thread has no reserve any more. */
  closed: Int32Array
}

const [HOLDER, LAST_ID] = [0, 1]
/** How often one who waits looks whether it is to give up, in milliseconds. */
const LOOK_MS = 50

/** A budget of which nothing is taken. */
export function createMemoryBudget(bytes: number): MemoryBudget {
  return { bytes, shared: new Int32Array(new SharedArrayBuffer(8)) }
}

/** A new part, of `share` of the budget, 0 to 1; those of all who work at once make a half at most. */
export function openPart(budget: MemoryBudget, share: number): MemoryPart {
  const id = Atomics.add(budget.shared, LAST_ID, 1) + 1
  const closed = new Int32Array(new SharedArrayBuffer(4))
  return { budget, ownBytes: Math.floor(budget.bytes * share), id: id || 1, closed }
}

/** The same part for another thread that works on the same piece: beside the reserve it has a share of it, 0 to 1. */
export function shareOf(part: MemoryPart, share: number): MemoryPart {
  return { ...part, ownBytes: Math.floor(part.ownBytes * share) }
}

/** Ends a part, and gives the reserve back where it has it: also for one whose thread is not there any more. */
export function closePart(part: MemoryPart): void {
  Atomics.store(part.closed, 0, 1)
  freeReserve(part)
}

function freeReserve({ budget: { shared }, id }: MemoryPart): void {
  if (Atomics.compareExchange(shared, HOLDER, id, 0) === id) Atomics.notify(shared, HOLDER)
}

/** Whether a part has the reserve. */
export function hasReserve({ budget: { shared }, id }: MemoryPart): boolean {
  return Atomics.load(shared, HOLDER) === id
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
    const { budget, closed, id, ownBytes } = this.#part
    const after = this.#bytes + bytes
    if (this.#refuse && after > ownBytes + budget.bytes / 2) throw this.#refuse(budget.bytes)
    if (after > ownBytes) {
      const holder = Atomics.compareExchange(budget.shared, HOLDER, 0, id)
      if (holder !== 0 && holder !== id) return false
      if (Atomics.load(closed, 0) === 1) {
        // Nobody else would give it back.
        freeReserve(this.#part)
        throw new Error('memory was asked for after the end of what it was for')
      }
    }
    this.#bytes = after
    return true
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
