// What is asked before a commit is published, once it is verified and staged.
import type { ChangedPaths } from '../hooks/hook-event.js'
import { selectionKey } from '../publish/tree/selection.js'
import type { PackToPublish } from '../worker/pool.js'
import type { Attempt } from './attempt.js'
import { labelsOf } from './state/records.js'

/**
 * What is asked before a commit is published: the remote, of what was only announced, then the hooks
 * before; what changes is noted for those after. Undefined where nobody is.
 */
export function permissionOf(
  { confirm, context, signal, state }: Attempt,
  told: { changes?: ChangedPaths },
): PackToPublish['allow'] {
  const { after, before, directory: path } = state.desired.entry
  const hasHooks = before.length + after.length > 0
  if (!confirm && !hasHooks) return undefined
  return async ({ changed, commit: oid, hasReserve, news: commits, summary, worktree }) => {
    // The poll may need the memory.
    await confirm?.({ mayWait: !hasReserve, signal })
    if (!hasHooks) return
    told.changes = changed
    const { commit: previousOid, selection: last } = state.observed
    // What readers see already, or had been allowed to, needs no permission.
    const isRepair = oid === previousOid && last === selectionKey(state.desired.entry.selection)
    if (worktree === undefined || isRepair) return
    const event = { event: 'before', oid, previousOid, path, changed, commits, summary } as const
    await context.askBefore(before, { ...labelsOf(state), ...event }, worktree, signal)
  }
}
