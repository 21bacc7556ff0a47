// The refs of a list that were asked for. A server may send all that it has, or whatever it likes:
// what was not asked for is passed over, and what was is held within the budget for memory.
import { formatBytes } from '../../base/bytes.js'
import { SyncError } from '../../base/errors.js'
import type { HeldMemory } from '../../thread/memory-budget.js'
import type { RemoteRef } from '../remote-session.js'

/** What a ref takes beside its names, in bytes: objects, an oid as text, and room in a list. */
const REF_OBJECT_BYTES = 256

/** Where the refs are held. */
export interface RefsMemory {
  held: HeldMemory
  /** Throws when it is not to be waited for memory, or not any more. */
  checkpoint: () => void
}

/** The refs that start with any of `prefixes`, as they come. */
export class WantedRefs {
  readonly refs: RemoteRef[] = []
  readonly prefixes: readonly string[]
  readonly #memory: RefsMemory

  constructor(prefixes: readonly string[], memory: RefsMemory) {
    this.prefixes = prefixes
    this.#memory = memory
  }

  /** Keeps a ref that was asked for. Throws `refs-too-large` where it does not fit. */
  async add(ref: RemoteRef): Promise<void> {
    if (!this.prefixes.some((prefix) => ref.name.startsWith(prefix))) return
    const bytes = REF_OBJECT_BYTES + ref.name.length + (ref.target?.length ?? 0)
    const { held, checkpoint } = this.#memory
    if (!held.tryToTake(bytes)) await held.take(bytes, checkpoint)
    this.refs.push(ref)
  }
}

/** The fault of a list of which more was asked for than the budget for memory has. */
export function refsBeyondBudget(budgetBytes: number): SyncError {
  return new SyncError(
    'refs-too-large',
    `The refs that match what is followed take more memory than MEMORY_BUDGET (${formatBytes(budgetBytes)}) leaves for one list: raise the setting if the remote is meant to have so many`,
  )
}
