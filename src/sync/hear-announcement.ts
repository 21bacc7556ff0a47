// What an announcement means for the entries of one remote.
import { isSameRepository } from '../git/repository-name.js'
import { type Announcement, mayFollow } from './announcement.js'
import type { SyncContext } from './context.js'
import type { Remote } from './remote.js'
import { conclude } from './state/entry-state.js'

/** Has every entry poll that may follow what was pushed; returns how many these are. */
export function hearAnnouncement(
  { entries, repository }: Remote,
  announcement: Announcement,
  context: SyncContext,
): number {
  const { ref, repositories } = announcement
  if (!repository || !repositories.some((name) => isSameRepository(name, repository))) return 0
  let matched = 0
  for (const state of entries) {
    const { entry, wanted } = state.desired
    const isMatched = !entry.suspend && mayFollow(entry.revision, ref, wanted?.ref)
    if (isMatched) matched++
    conclude(
      state,
      isMatched ? { type: 'announced', announcement } : { type: 'webhook-heard' },
      context,
    )
  }
  return matched
}
