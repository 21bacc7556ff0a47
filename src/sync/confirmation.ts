// Waits for a remote's own word on what was announced.
import { abortable } from '../base/abortable.js'
import { SyncError } from '../base/errors.js'
import type { Oid } from '../git/oid.js'
import type { Remote } from './remote.js'
import type { EntryState } from './state/entry-state.js'

/** Whether a poll found that an entry follows `want`. */
export function isConfirmed({ desired }: EntryState, want: Oid): boolean {
  return desired.wanted?.want === want
}

/**
 * Resolves when a poll finds that. Throws `aborted` where those that are wanted find something else,
 * or where it may not wait for them.
 */
export async function confirmation(
  state: EntryState,
  remote: Remote,
  want: Oid,
  { mayWait, signal }: { mayWait: boolean; signal: AbortSignal },
): Promise<void> {
  while (!isConfirmed(state, want)) {
    if (!mayWait || (!remote.isPolled && !state.schedule.isWanted)) {
      throw new SyncError('aborted', 'The remote does not name the commit that was announced')
    }
    await abortable(remote.answered(), signal)
  }
}
