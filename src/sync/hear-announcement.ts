// What an announcement means for the entries of one remote.
import { isSameRepository } from '../git/repository-name.js'
import { type Announcement, mayFollow } from './announcement.js'
import type { SyncContext } from './context.js'
import type { Remote } from './remote.js'
import { conclude, type EntryState } from './state/entry-state.js'

/** Announcements make no more polls of one remote than one in this time, in milliseconds. */
const SHORTEST_INTERVAL_MS = 250

/** Has every entry polled that may follow what was pushed; returns them. */
export function hearAnnouncement(
  remote: Remote,
  announcement: Announcement,
  context: SyncContext,
): EntryState[] {
  const { announcedAt, entries, repository } = remote
  const { ref, repositories } = announcement
  if (!repository || !repositories.some((name) => isSameRepository(name, repository))) return []
  const now = context.clock.now()
  // One that is due still is that of all that come before it.
  const pollAt = announcedAt > now ? announcedAt : Math.max(now, announcedAt + SHORTEST_INTERVAL_MS)
  const matched: EntryState[] = []
  for (const state of entries) {
    const { entry, wanted } = state.desired
    if (!entry.suspend && mayFollow(entry.revision, ref, wanted?.ref)) {
      conclude(state, { type: 'announced', announcement, pollAt }, context)
      matched.push(state)
    } else {
      conclude(state, { type: 'webhook-heard' }, context)
    }
  }
  if (matched.length > 0) remote.announcedAt = pollAt
  return matched
}
