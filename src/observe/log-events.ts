// Turns events into log lines: one info line for each published change; a
// failure that repeats itself is said ever more rarely, and its end once.
import type { ErrorCode } from '../base/errors.js'
import {
  type EntryLabels,
  type Failure,
  isSuccess,
  type Observe,
  type SyncEvent,
} from '../sync/events.js'
import type { LogFields } from './log-fields.js'
import type { Logger, LogLevel } from './logging.js'

type FailureEvent = Extract<SyncEvent, Failure & EntryLabels>
type Line = [level: LogLevel, message: string, fields: LogFields]

/** Creates an observer that writes every event to `logger`. */
export function logEvents(logger: Logger): Observe {
  /** Of every entry that fails now, how it failed last. */
  const failing = new Map<string, { code: ErrorCode; attempt: number }>()

  function logRecovery(event: EntryLabels): void {
    const last = failing.get(event.entry)
    if (!last || !failing.delete(event.entry)) return
    logger.info('recovered', { ...labels(event), attempt: last.attempt, errorCode: last.code })
  }

  function logFailure(event: FailureEvent): void {
    const { error, attempt } = event
    const lastCode = failing.get(event.entry)?.code
    if (error.code !== 'aborted') failing.set(event.entry, { code: error.code, attempt })
    logger.log(failureLevel(event, lastCode), failureMessage(event), {
      ...labels(event),
      oid: event.type === 'sync-failed' ? event.oid : undefined,
      durationMs: Math.round(event.durationMs),
      attempt,
      retryInMs: event.retryInMs,
      error,
    })
  }

  return (event) => {
    if (event.type === 'poll-failed' || event.type === 'sync-failed') return logFailure(event)
    if (event.type === 'entry-removed') failing.delete(event.entry)
    if (isSuccess(event)) logRecovery(event)
    logger.log(...lineOf(event))
  }
}

function lineOf(event: Exclude<SyncEvent, FailureEvent>): Line {
  switch (event.type) {
    case 'entry-added':
      return ['debug', 'entry added', labels(event)]
    case 'entry-changed':
      return ['debug', 'entry changed', labels(event)]
    case 'entry-removed':
      return ['info', 'entry removed', labels(event)]
    case 'poll-unchanged':
      return ['debug', 'nothing new', timed(event)]
    case 'poll-changed':
      return ['debug', 'new revision found', timed(event)]
    case 'sync-published': {
      const { oid, previousOid, bytes, filesWritten, filesDeleted } = event
      const durationMs = Math.round(event.durationMs)
      const counts = { durationMs, bytes, filesWritten, filesDeleted }
      return ['info', 'published', { ...labels(event), oid, previousOid, ...counts }]
    }
    case 'fetch-fell-back':
      return [
        'debug',
        'fetching everything',
        { ...labels(event), oid: event.oid, error: event.error },
      ]
    case 'tidy-failed':
      return ['warn', 'left-overs could not be removed', { ...labels(event), error: event.error }]
    case 'drift-repaired':
      return [
        'warn',
        'drift repaired',
        { ...timed(event), bytes: event.bytes, paths: event.paths, firstPaths: event.firstPaths },
      ]
    case 'attribute-ignored': {
      const { attribute, files, firstPath, oid } = event
      const left = files === 1 ? '1 file is left as stored' : `${files} files are left as stored`
      const message = `${attribute} is not applied: ${left}, first ${firstPath}`
      return ['warn', message, { ...labels(event), oid }]
    }
    case 'content-found':
      return ['debug', 'found in place', { ...labels(event), oid: event.oid }]
    case 'content-unknown':
      return [
        'warn',
        'what is in place cannot be told any more, and is fetched anew',
        labels(event),
      ]
    case 'foreign-removed': {
      const { files, firstPaths } = event
      return ['info', 'foreign files removed', { ...labels(event), files, firstPaths }]
    }
    case 'drift-remains': {
      const { paths, firstPaths } = event
      return ['warn', 'drift not repaired yet', { ...labels(event), paths, firstPaths }]
    }
    case 'verify-failed':
      return ['warn', 'could not look for drift', { ...labels(event), error: event.error }]
    case 'lease-awaited':
      return [
        'info',
        'another instance publishes this entry, waiting for it',
        { ...labels(event), holder: event.holder },
      ]
    case 'lease-taken':
      return [
        'info',
        'took over from another instance',
        { ...labels(event), holder: event.holder, waitedMs: Math.round(event.waitedMs) },
      ]
    case 'lease-lost':
      return ['warn', 'another instance took over, or the lease was removed', labels(event)]
    case 'listing-loaded': {
      const { type, ...fields } = event
      if (event.entries > 0) return ['info', 'listing loaded', fields]
      return ['warn', 'listing loaded: it has no entries, and nothing is pruned', fields]
    }
    case 'listing-rejected': {
      const { type, ...fields } = event
      return ['error', 'listing rejected, nothing changes', fields]
    }
    case 'state-set-aside': {
      const { path, reason } = event
      return ['warn', 'state is not believed, what is on disk is looked at', { path, reason }]
    }
    case 'remote-requested': {
      const { type, ...fields } = event
      return ['debug', 'remote requested', fields]
    }
    case 'credentials-exposed':
      return [
        'warn',
        'credentials are sent in plain text: use an https:// address as repo',
        { host: event.host },
      ]
  }
}

function labels({ entry, repo, ref }: EntryLabels): LogFields {
  return { entry, repo, ref }
}

function timed(event: EntryLabels & { oid: string; durationMs: number }): LogFields {
  return { ...labels(event), oid: event.oid, durationMs: Math.round(event.durationMs) }
}

function failureMessage({ type, error, retryInMs }: FailureEvent): string {
  const step = type === 'poll-failed' ? 'poll' : 'sync'
  if (error.code === 'aborted') return `${step} stopped`
  return retryInMs === undefined ? `${step} failed, waiting for a change` : `${step} failed`
}

/** A failure of one kind is loud at attempts 1, 2, 4, 8 and so on. */
function failureLevel({ error, attempt }: FailureEvent, lastCode: ErrorCode | undefined): LogLevel {
  if (error.code === 'aborted') return 'debug'
  if (error.code === lastCode && !isPowerOfTwo(attempt)) return 'debug'
  return error.disposition === 'stall' ? 'error' : 'warn'
}

function isPowerOfTwo(count: number): boolean {
  return Number.isInteger(Math.log2(count))
}
