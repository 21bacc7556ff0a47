// The last work on an entry that left the listing: with `prune`, what it published goes, unless
// it is another instance's; its lease is given back.
import type { SyncContext } from './context.js'
import type { EntryState } from './entry-state.js'
import type { LeaseKeeper } from './lease-keeper.js'
import { takeTurn } from './lease-turn.js'
import { unpublishEntry } from './upkeep.js'

/**
 * Does the last work on an entry; where it comes back before anything was removed, nothing is.
 * Never rejects; returns the time at which it is to be tried again, undefined where nothing is
 * left to do.
 */
export async function retireEntry(
  state: EntryState,
  leases: LeaseKeeper,
  context: SyncContext,
  signal: AbortSignal,
): Promise<number | undefined> {
  const { clock } = context
  const { isPruned } = state
  if (isPruned && !(await takeTurn(state, leases, context, signal))) {
    if (signal.aborted) return undefined
    const isHeld = state.waiting !== undefined && !state.waiting.isDead
    if (!isHeld && state.isRemoved) return state.turnAt ?? clock.now() + state.entry.intervalMs
  }
  if (!state.isRemoved) return undefined
  // What another instance publishes stays.
  const isDone = !isPruned || state.waiting !== undefined
  const retryInMs = isDone ? undefined : await unpublishEntry(state, context, signal)
  if (signal.aborted) return undefined
  if (retryInMs !== undefined) return clock.now() + retryInMs
  // Where the volume fails, the lease cannot be given back: it expires.
  await leases.release(state.entry.directory).catch(() => undefined)
  return undefined
}
