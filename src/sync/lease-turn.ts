// Whose turn it is to publish an entry: of all instances that share its volume, one works on it
// and the others wait, which they say once when they begin to, and once when it is over.
import { SyncError, toSyncError } from '../base/errors.js'
import { retryDelayMs } from '../schedule/cadence.js'
import { type SyncContext, siteOf } from './context.js'
import type { EntryState } from './entry-state.js'
import { failPoll } from './failure.js'
import type { LeaseKeeper } from './lease-keeper.js'

/**
 * Makes sure that an entry is this instance's to work on. Never rejects: a failure is a part of the
 * entry's state. Where it returns false, `state.turnAt` says when to ask again, if at all.
 */
export async function takeTurn(
  state: EntryState,
  leases: LeaseKeeper,
  context: SyncContext,
  signal: AbortSignal,
): Promise<boolean> {
  const { cadence, clock, observe } = context
  const startedAt = performance.now()
  state.turnAt = undefined
  try {
    const claimed = await leases.claim(siteOf(state, context))
    if (signal.aborted) return false
    const { waiting } = state
    if (claimed.isOurs) {
      state.lease = claimed.lease
      state.mountPoint = claimed.lease?.mountPoint ?? state.mountPoint
      state.waiting = undefined
      if (!waiting) return true
      const waitedMs = clock.now() - waiting.since
      observe({ type: 'lease-taken', ...state.labels, holder: waiting.holder, waitedMs })
      return true
    }
    const { holder, isDead, againInMs } = claimed
    // What is in place is found out anew, once it is this one's turn.
    state.isInspected = false
    state.lease = undefined
    state.turnAt = clock.now() + againInMs
    const since = waiting?.since ?? clock.now()
    state.waiting = { holder, isDead, since, error: heldBy(holder) }
    if (!waiting && !isDead) observe({ type: 'lease-awaited', ...state.labels, holder })
  } catch (reason) {
    if (signal.aborted) return false
    const error = toSyncError(reason)
    const retryInMs = retryDelayMs(error, state.failures + 1, state.entry.intervalMs, cadence)
    const durationMs = performance.now() - startedAt
    failPoll(state, { error, at: clock.now(), durationMs, retryInMs }, observe)
  }
  return false
}

/** Another instance has an entry now, though this one was at work on it. */
export function loseTurn(state: EntryState, { observe }: SyncContext): void {
  state.isInspected = false
  state.lease = undefined
  observe({ type: 'lease-lost', ...state.labels })
}

/** An entry was waited for all the time there is. */
export function giveUpTurn(
  state: EntryState,
  { clock, observe, syncTimeoutMs }: SyncContext,
): void {
  const { waiting } = state
  if (!waiting) return
  const failed = { error: waiting.error, at: clock.now(), durationMs: syncTimeoutMs }
  failPoll(state, { ...failed, retryInMs: undefined }, observe)
}

function heldBy(holder: string): SyncError {
  return new SyncError(
    'lease-held',
    `${holder} publishes this entry; this instance takes over when that one stops, or has shown no sign of life for a while`,
  )
}
