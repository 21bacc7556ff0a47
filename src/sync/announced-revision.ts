// What an announcement lets an entry fetch before the remote was heard about it: the commit alone,
// as nothing is published before the remote's own answer names it.
import { trails } from './announcement.js'
import type { ResolvedRevision } from './resolve-revision.js'
import { type EntryRecords, isSynced } from './state/records.js'

/**
 * What was announced, where it is likely what the remote names now: it replaces what is in place,
 * of a remote that was heard before. Once until it is heard again, whatever is announced.
 */
export function announcedRevision(records: EntryRecords): ResolvedRevision | undefined {
  const { announced, error, syncing } = records.schedule
  const { entry, wanted } = records.desired
  if (!announced?.oid || announced.isFetched || !wanted || syncing || error) return undefined
  // Which of several tags is the newest is for the remote to say.
  const isLikely = entry.revision.kind !== 'semver' && isSynced(records)
  if (!isLikely || !trails(announced, [wanted.want, wanted.commit])) return undefined
  const { oid } = announced
  return { ref: wanted.ref, want: oid, commit: oid }
}
