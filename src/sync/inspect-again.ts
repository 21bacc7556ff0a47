// After a fault that may have left a publication half done, what is in place is looked at
// anew, which completes it where it can be completed.
import type { Inspection } from '../publish/snapshot/inspection.js'
import { type SyncContext, siteOf } from './context.js'
import type { EntryState } from './entry-state.js'
import { reportForeign } from './report-foreign.js'
import type { Desired } from './resolve-revision.js'

/** Finds out what is in place after a fault; while that fails, too, it counts as unknown. */
export async function inspectAgain(
  state: EntryState,
  desired: Desired,
  context: SyncContext,
  signal: AbortSignal,
): Promise<void> {
  let survey: Inspection = { commit: undefined, drift: undefined }
  try {
    survey = await context.workers.inspect(siteOf(state, context), undefined, signal)
  } catch {
    // The fault that made it look again is the one that is reported.
  }
  if (signal.aborted) return
  reportForeign(survey, state, context.observe)
  const { commit, drift } = survey
  if (commit !== undefined && commit === desired.commit && !drift) {
    // Completed by the inspection: what it took was not counted.
    const { published: previousOid } = state
    state.completed(desired.want, commit, context.clock)
    const nothing = { bytes: 0, filesWritten: 0, filesDeleted: 0, durationMs: 0 }
    const phases = { fetch: 0, unpack: 0, publish: 0 }
    const { observe } = context
    observe({
      type: 'sync-published',
      ...state.labels,
      oid: commit,
      previousOid,
      ...nothing,
      phases,
    })
    return
  }
  if (commit !== state.published) state.publishedFrom = undefined
  const { labels, published } = state
  if (commit === undefined && published !== undefined) {
    context.observe({ type: 'content-unknown', ...labels })
  } else if (commit !== undefined && commit !== published) {
    context.observe({ type: 'content-found', ...labels, oid: commit })
  }
  state.published = commit
  state.drift = drift
  if (commit !== undefined) state.tidyAt = context.clock.now()
}
