// The refs of a list that were asked for. A remote may have any number, or send whatever it likes: what
// was not asked for is passed over, and what was is held within the budget for memory.
import { toAbortError } from '../base/abort-error.js'
import { abortable } from '../base/abortable.js'
import { formatBytes } from '../base/bytes.js'
import { SyncError } from '../base/errors.js'
import { closePart, HeldMemory, helperPart, type MemoryPart } from '../thread/memory-budget.js'
import type { RemoteRef } from './remote-session.js'

/** What a ref takes beside its names, in bytes: objects, an oid as text, and room in a list. */
const REF_OBJECT_BYTES = 256

/** What a remote's list of refs may take. */
export interface RefsBounds {
  /** Of what is read, in bytes. */
  maxRefsBytes: number
  /** Where what is asked for of it is held: opened for each list. */
  openMemory: () => MemoryPart
}

/** Where the refs are held. */
export interface RefsMemory {
  held: HeldMemory
  /** Aborts when nobody waits for the list any more: then nothing is held for it. */
  signal: AbortSignal
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

  /** Whether a ref of this name was asked for. */
  has(name: string): boolean {
    return this.prefixes.some((prefix) => name.startsWith(prefix))
  }

  /** Keeps a ref that was asked for. Throws `refs-too-large` where it does not fit. */
  async add(ref: RemoteRef): Promise<void> {
    if (!this.has(ref.name)) return
    await this.hold(ref.name, ref.target)
    this.refs.push(ref)
  }

  /** Takes the memory of a ref. Throws `refs-too-large` where it does not fit. */
  async hold(name: string, target = ''): Promise<void> {
    const { held, signal } = this.#memory
    signal.throwIfAborted()
    const bytes = REF_OBJECT_BYTES + name.length + target.length
    if (held.tryToTake(bytes)) return
    await held.take(bytes, () => signal.throwIfAborted())
  }

  /** Throws where nobody waits for the list any more. */
  assertAwaited(): void {
    this.#memory.signal.throwIfAborted()
  }
}

/**
 * Lists the refs that start with any of `prefixes`, by `read`; `waiting` is the memory of who waits for
 * them, if it has any: the reserve is that one's then. The list itself is the caller's, and counted no
 * more; nor is that of a `read` which hangs when the signal aborts.
 */
export async function listWanted<T>(
  prefixes: readonly string[],
  { openMemory }: RefsBounds,
  { signal, waiting }: { signal: AbortSignal; waiting: MemoryPart | undefined },
  read: (wanted: WantedRefs) => Promise<T>,
): Promise<T> {
  const own = openMemory()
  const part = waiting ? helperPart(waiting, own.ownBytes) : own
  const held = new HeldMemory(part, refsBeyondBudget)
  try {
    const wanted = new WantedRefs(prefixes, { held, signal })
    return await abortable(read(wanted), signal)
  } catch (error) {
    throw signal.aborted ? toAbortError(signal.reason) : error
  } finally {
    closePart(part)
  }
}

/** The fault of a list of which more was asked for than the budget for memory has. */
export function refsBeyondBudget(budgetBytes: number): SyncError {
  return new SyncError(
    'refs-too-large',
    `The refs that match what is followed take more memory than MEMORY_BUDGET (${formatBytes(budgetBytes)}) leaves for one list: raise the setting if the remote is meant to have so many`,
  )
}
