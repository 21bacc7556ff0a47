// The last work on an entry that left the listing: with `prune`, what it published goes, unless
// it is another instance's; its lease is given back.
import { type SyncContext, targetOf } from './context.js'
import type { LeaseKeeper } from './lease-keeper.js'
import { takeTurn } from './lease-turn.js'
import { runStep } from './run-step.js'
import type { EntryState } from './state/entry-state.js'

/**
 * Does the last work on an entry; where it comes back before anything was removed, nothing is.
 * Never rejects; returns whether nothing is left to do, else the schedule's `turnAt` says when it
 * is to be tried again.
 */
export async function retireEntry(
  state: EntryState,
  leases: LeaseKeeper,
  context: SyncContext,
  signal: AbortSignal,
): Promise<boolean> {
  const isPruned = state.desired.listing === 'pruned'
  if (isPruned && !(await takeTurn(state, leases, context, signal))) {
    const { waiting } = state.observed
    const isHeld = waiting !== undefined && !waiting.isDead
    if (!isHeld) return false
  }
  if (signal.aborted || state.phase !== 'retiring') return false
  // What another instance publishes stays.
  if (isPruned && !state.observed.waiting && !(await unpublish(state, context, signal)))
    return false
  // Where the volume fails, the lease cannot be given back: it expires.
  await leases.release(state.desired.entry.directory).catch(() => undefined)
  return true
}

/** Removes all that was published; whether nothing is left of it. */
async function unpublish(
  state: EntryState,
  context: SyncContext,
  signal: AbortSignal,
): Promise<boolean> {
  const outcome = await runStep('removal', state, context, signal, async () => {
    await context.workers.unpublish(targetOf(state, context), signal)
    return { type: 'unpublished' }
  })
  return outcome?.type === 'unpublished'
}
