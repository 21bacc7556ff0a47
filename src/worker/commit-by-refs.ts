// The commit of a submodule by its id, as its superproject names it; where the remote sends only what
// its refs name, by the history of those.
import { SyncError } from '../base/errors.js'
import type { Oid } from '../git/oid.js'
import { WHOLE_DEPTH } from '../remote/remote-session.js'

/** How many commits of each ref are asked for, one number after the other. */
const DEPTHS = [16, 256, WHOLE_DEPTH]

/**
 * Fetches `commit`. `fetch` asks for it by its id, or for so many commits of each ref, and says
 * whether it has come. Throws `commit-not-found` where it is not to be had.
 */
export async function fetchByIdOrRefs(
  commit: Oid,
  fetch: (refsDepth?: number) => Promise<boolean>,
): Promise<void> {
  try {
    await fetch()
    return
  } catch (error) {
    if (!isRefusal(error)) throw error
  }
  for (const depth of DEPTHS) if (await fetch(depth)) return
  throw unreachable(commit)
}

/** What a commit fails by that no ref leads to. */
export function unreachable(commit: Oid): SyncError {
  return new SyncError(
    'commit-not-found',
    `No branch or tag of the remote leads to the commit ${commit}, which it has and does not send by its id: push a branch that leads there, or set uploadpack.allowAnySHA1InWant at the server`,
  )
}

function isRefusal(error: unknown): boolean {
  return (
    error instanceof SyncError &&
    error.code === 'commit-not-found' &&
    error.dependency === undefined
  )
}
