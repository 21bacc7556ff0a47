// Memory that the objects of one sync may take which are held whole, of its part of the budget.
import { formatBytes } from '../base/bytes.js'
import { SyncError } from '../base/errors.js'
import type { WholeMemory } from '../git/whole-objects.js'
import type { PlanMemory } from '../publish/tree/plan-memory.js'
import { HeldMemory, type MemoryPart } from '../thread/memory-budget.js'

/** One object takes at most this share of the budget: a base, a delta and what they make fit. */
const MAX_TREE_SHARE = 1 / 8

/** All trees of a commit together: they are held while it is published. */
const MAX_TREES_SHARE = 1 / 2

export class CommitMemory implements WholeMemory, PlanMemory {
  readonly maxTreeBytes: number
  readonly maxTreesBytes: number
  readonly #held: HeldMemory
  readonly #checkpoint: () => void

  constructor(part: MemoryPart, checkpoint: () => void) {
    this.maxTreeBytes = Math.floor(part.budget.bytes * MAX_TREE_SHARE)
    this.maxTreesBytes = Math.floor(part.budget.bytes * MAX_TREES_SHARE)
    this.#held = new HeldMemory(part, commitBeyondBudget)
    this.#checkpoint = checkpoint
  }

  take(bytes: number): void {
    this.#held.takeBlocking(bytes, this.#checkpoint)
  }

  hold(bytes: number): void {
    this.#held.takeBlocking(bytes, this.#checkpoint, 'whatever it is')
  }

  /** Gives back what plans took, which are not needed any more. */
  releasePlans(): void {
    this.#held.giveBeyond()
  }

  give(bytes: number): void {
    this.#held.give(bytes)
  }
}

function commitBeyondBudget(budgetBytes: number): SyncError {
  return new SyncError(
    'commit-too-large',
    `A tree of the commit takes more memory than MEMORY_BUDGET (${formatBytes(budgetBytes)}) leaves for one sync; nothing of it is published: raise the setting if a directory is meant to have so many files`,
  )
}
