// Whose turn it is to publish an entry: of all instances that share its volume, one works on it
// and the others wait.
import { SyncError } from '../base/errors.js'
import { type SyncContext, targetOf } from './context.js'
import type { LeaseKeeper } from './lease-keeper.js'
import { runStep } from './run-step.js'
import type { EntryState } from './state/entry-state.js'
import type { OutcomeOf } from './state/outcome.js'

/**
 * Makes sure that an entry is this instance's to work on. Never rejects. Where it returns false,
 * the schedule's `turnAt` says when to ask again, if at all.
 */
export async function takeTurn(
  state: EntryState,
  leases: LeaseKeeper,
  context: SyncContext,
  signal: AbortSignal,
): Promise<boolean> {
  const outcome = await runStep('turn', state, context, signal, () => claim(state, leases, context))
  return outcome?.type === 'claimed'
}

async function claim(
  state: EntryState,
  leases: LeaseKeeper,
  context: SyncContext,
): Promise<OutcomeOf<'claimed' | 'waiting'>> {
  const claimed = await leases.claim(targetOf(state, context))
  if (claimed.isOurs) return { type: 'claimed', lease: claimed.lease }
  const { isOurs: _, ...told } = claimed
  return { type: 'waiting', ...told, error: heldBy(told.holder) }
}

function heldBy(holder: string): SyncError {
  return new SyncError(
    'lease-held',
    `${holder} publishes this entry; this instance takes over when that one stops, or has shown no sign of life for a while`,
  )
}
