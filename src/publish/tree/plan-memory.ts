// What the plan of a commit takes of the memory that all syncs share, and the trees that are held
// beside it.
import { formatBytes } from '../../base/bytes.js'
import { SyncError } from '../../base/errors.js'
import type { Purpose, WholeMemory } from '../../git/whole-objects.js'

/** Of each file and directory: what it was published with, where it is staged, and for which blob. */
const ENTRY_BYTES = 76
/** Of each tree object that is held, beside its body. */
const TREE_BYTES = 400

/** Where plans take their memory. */
export type PlanMemory = Pick<WholeMemory, 'hold' | 'maxTreesBytes'>

/** What one plan takes. */
export class PlanSize {
  readonly #memory: PlanMemory | undefined
  readonly #purpose: Purpose
  #treesBytes = 0
  #bytes = 0

  /** Where it takes its memory, and what for; none is counted without. */
  constructor(memory: PlanMemory | undefined, purpose: Purpose = 'plan') {
    this.#memory = memory
    this.#purpose = purpose
  }

  /** One more tree object is held. Throws `commit-too-large` where all of them are too much. */
  addTree(bodyBytes: number): void {
    this.#treesBytes += bodyBytes
    const most = this.#memory?.maxTreesBytes ?? Number.POSITIVE_INFINITY
    if (this.#treesBytes > most) throw treesTooLarge(most)
    this.#add(bodyBytes + TREE_BYTES)
  }

  /** A tree occurs once more: what is remembered of a commit has it each time. */
  addCopy(bodyBytes: number): void {
    this.#add(bodyBytes)
  }

  /** There are so many more files and directories. */
  addEntries(count: number): void {
    this.#add(count * ENTRY_BYTES)
  }

  #add(bytes: number): void {
    this.#bytes += bytes
    this.#memory?.hold(this.#purpose, this.#bytes)
  }
}

function treesTooLarge(maxTreesBytes: number): SyncError {
  return new SyncError(
    'commit-too-large',
    `The directories of the commit take more than ${formatBytes(maxTreesBytes)}, half of MEMORY_BUDGET; nothing of it is published: raise the setting if the repository is meant to have so many files`,
  )
}
