// What git-sync logs and counts of what is no sync: its hooks, requests, and all that only -v asks for.
import type { SyncEvent } from '../../sync/events.js'
import type { SyncCounts } from './counts.js'
import type { GitSyncLog } from './log.js'

/** Where events are told. */
export interface EventTeller {
  log: GitSyncLog
  counts: SyncCounts
  /** The host that gives tokens to a GitHub app. */
  githubHost?: string | undefined
}

/** Logs an event, and counts it where git-sync does. */
export function tellEvent(event: SyncEvent, { counts, githubHost, log }: EventTeller): void {
  switch (event.type) {
    case 'hook-succeeded':
      counts.add(`git_sync_hook_run_count_total{name="${event.hook}",status="success"}`)
      log.named(event.hook).info(1, 'hook succeeded', { hash: event.oid })
      break
    case 'hook-failed':
      counts.add(`git_sync_hook_run_count_total{name="${event.hook}",status="error"}`)
      log.named(event.hook).error('hook failed', event.error, {
        hash: event.oid,
        ...(event.retryInMs !== undefined && { retry: `${event.retryInMs / 1000}s` }),
      })
      break
    case 'hook-output':
      log.named(event.hook).info(1, 'output', { line: event.line })
      break
    case 'state-set-aside':
      log.info(event.kind === 'state' ? 1 : 0, `${event.path}: ${event.reason}`)
      break
    case 'remote-requested':
      // Nothing else is asked there but git's own services.
      if (event.host === githubHost && event.service === '') {
        const status = event.code === '201' ? 'success' : 'error'
        counts.add(`git_sync_refresh_github_app_token_count{status="${status}"}`)
      }
      log.info(6, event.type, { host: event.host, service: event.service, code: event.code })
      break
    default:
      log.info(3, event.type, withoutType(event))
  }
}

function withoutType({ type: _type, ...fields }: SyncEvent): object {
  return 'error' in fields && fields.error instanceof Error
    ? { ...fields, error: fields.error.message }
    : fields
}
