// Brings an entry to what was announced, once its remote confirms that.
import type { Attempt } from './attempt.js'
import { confirmation, isConfirmed } from './confirmation.js'
import type { Remote } from './remote.js'
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
