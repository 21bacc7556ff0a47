// Brings an entry to what was announced, once its remote confirms that.
import { abortable } from '../base/abortable.js'
import { SyncError } from '../base/errors.js'
import type { Oid } from '../git/oid.js'
import type { Attempt } from './attempt.js'
import type { Remote } from './remote.js'
import type { EntryState } from './state/entry-state.js'
import type { OutcomeOf } from './state/outcome.js'
import { publishWanted } from './wanted-sync.js'

/** What fails before the remote confirms it is no failure: its poll says what follows. */
export async function publishAnnounced(
  attempt: Attempt,
  remote: Remote,
): Promise<OutcomeOf<'published' | 'unconfirmed'>> {
  const { state } = attempt
  const { want } = attempt.wanted
  // Whatever the remote names once it was asked: some files may be those of the new commit.
  let isPermitted: boolean | undefined
  const confirm: Attempt['confirm'] = async (how) => {
    isPermitted = false
    await confirmation(state, remote, want, how)
    isPermitted = true
  }
  const mayFail = () => isPermitted ?? isConfirmed(state, want)
  try {
    return await publishWanted({ ...attempt, confirm, mayFail })
  } catch (error) {
    if (mayFail()) throw error
    return { type: 'unconfirmed' }
  }
}

/** Whether a poll found that an entry follows `want`. */
function isConfirmed({ desired }: EntryState, want: Oid): boolean {
  return desired.wanted?.want === want
}

/**
 * Resolves when a poll finds that. Throws `aborted` where those that are wanted find something else,
 * or where it may not wait for them.
 */
async function confirmation(
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
