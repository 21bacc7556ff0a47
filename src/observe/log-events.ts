// Turns events into log lines: one info line for each published change; a
// failure that repeats itself is said ever more rarely, and its end once.
import { type Clock, systemClock } from '../base/clock.js'
import type { ErrorCode } from '../base/errors.js'
import { type EntryLabels, isSuccess, type Observe, type SyncEvent } from '../sync/events.js'
import type { LogLevel } from './log-choices.js'
import type { Logger } from './logging.js'
import type { LogFields } from './redacted-fields.js'

type FailureEvent = Extract<SyncEvent, { type: 'poll-failed' | 'sync-failed' }>
type PlainEvent = Exclude<SyncEvent, FailureEvent | { type: 'bytes-received' }>
type WebhookEvent = SyncEvent & { type: 'webhook-received' }

/** Creates an observer that writes every event to `logger`. */
export function logEvents(logger: Logger, clock: Pick<Clock, 'now'> = systemClock): Observe {
  /** Of every entry that fails now, how it failed last, and since when it does. */
  const failing = new Map<string, { code: ErrorCode; attempt: number; since: number }>()

  /** Of every forge whose webhooks are refused now, how many were. */
  const refused = new Map<string, number>()

  /** Whoever reaches the port may send them: those that are refused are said ever more rarely. */
  function logWebhook(event: WebhookEvent): void {
    const { fault, provider } = event
    if (fault === undefined) {
      refused.delete(provider)
      logger.log(...lineOf(event))
      return
    }
    const count = (refused.get(provider) ?? 0) + 1
    refused.set(provider, count)
    logger.log(isPowerOfTwo(count) ? 'warn' : 'debug', 'webhook refused', fieldsOf(event))
  }

  function logRecovery(event: EntryLabels): void {
    const last = failing.get(event.entry)
    if (!last || !failing.delete(event.entry)) return
    const { entry, repo, ref } = event
    const { attempt, code: errorCode, since } = last
    const failedForMs = Math.round(clock.now() - since)
    logger.info('recovered', { entry, repo, ref, attempt, errorCode, failedForMs })
  }

  function logFailure(event: FailureEvent): void {
    const { error, attempt } = event
    const { code: lastCode, since = clock.now() } = failing.get(event.entry) ?? {}
    if (error.code !== 'aborted') failing.set(event.entry, { code: error.code, attempt, since })
    logger.log(failureLevel(event, lastCode), failureMessage(event), fieldsOf(event))
  }

  return (event) => {
    if (event.type === 'poll-failed' || event.type === 'sync-failed') return logFailure(event)
    // There are many; the line of the sync says how many bytes there were.
    if (event.type === 'bytes-received') return
    if (event.type === 'webhook-received') return logWebhook(event)
    if (event.type === 'entry-removed') failing.delete(event.entry)
    if (isSuccess(event)) logRecovery(event)
    logger.log(...lineOf(event))
  }
}

/** Of each event whose line is always the same. */
const LINES: Readonly<
  Record<
    Exclude<PlainEvent['type'], 'attribute-ignored' | 'listing-loaded' | 'notice-failed'>,
    [LogLevel, string]
  >
> = {
  'entry-added': ['debug', 'entry added'],
  'entry-changed': ['debug', 'entry changed'],
  'entry-removed': ['debug', 'entry removed'],
  'poll-unchanged': ['debug', 'nothing new'],
  'poll-changed': ['debug', 'new revision found'],
  'sync-published': ['info', 'published'],
  'hook-succeeded': ['info', 'hook done'],
  'hook-failed': ['warn', 'hook failed'],
  'hook-output': ['info', 'hook says'],
  'notices-dropped': ['warn', 'notices dropped, as nobody takes them'],
  'sync-continues': ['info', 'still syncing'],
  'fetch-fell-back': ['debug', 'fetching everything'],
  'tidy-failed': ['warn', 'left-overs could not be removed'],
  'drift-repaired': ['warn', 'drift repaired'],
  'drift-remains': ['warn', 'drift not repaired yet'],
  'content-found': ['debug', 'found in place'],
  'content-unknown': ['warn', 'what is in place cannot be told any more, and is fetched anew'],
  'foreign-removed': ['info', 'foreign files removed'],
  'verify-failed': ['warn', 'could not look for drift'],
  'lease-awaited': ['info', 'another instance publishes this entry, waiting for it'],
  'lease-taken': ['info', 'took over from another instance'],
  'lease-lost': ['warn', 'another instance took over, or the lease was removed'],
  'deputy-began': ['warn', 'took over entries of another shard, as nobody worked on them'],
  'deputy-ended': ['info', 'gave entries back to their shard'],
  'listing-rejected': ['error', 'listing rejected, nothing changes'],
  'credentials-rejected': ['error', 'credentials file rejected, the last good one stays in force'],
  'listing-warned': ['warn', 'listing has what is probably not meant'],
  'state-set-aside': ['warn', 'state is not believed, what is on disk is looked at'],
  'webhook-received': ['debug', 'webhook received'],
  'webhook-secrets-rejected': ['error', 'webhook secrets rejected'],
  'rewrite-left': ['warn', 'what REPO_REWRITE gives cannot be reached, repos are asked themselves'],
  'rewrite-resumed': ['info', 'what REPO_REWRITE gives answers again'],
  'remote-requested': ['debug', 'remote requested'],
  'credentials-exposed': [
    'warn',
    'credentials are sent in plain text: use an https:// address as repo',
  ],
}

function lineOf(event: PlainEvent): [LogLevel, string, LogFields] {
  if (event.type === 'attribute-ignored') {
    const { attribute, files, firstPath, ...others } = event
    const left = files === 1 ? '1 file is left as stored' : `${files} files are left as stored`
    return ['warn', `${attribute} is not applied: ${left}, first ${firstPath}`, fieldsOf(others)]
  }
  if (event.type === 'notice-failed') {
    const level = isPowerOfTwo(event.attempt) || event.retryInMs === undefined ? 'warn' : 'debug'
    return [level, 'notification failed', fieldsOf(event)]
  }
  if (event.type === 'credentials-rejected' && !event.isKept) {
    return ['error', 'credentials file rejected, and there was no good one yet', fieldsOf(event)]
  }
  if (event.type === 'listing-loaded') {
    return event.entries > 0
      ? ['info', 'listing loaded', fieldsOf(event)]
      : ['warn', 'listing loaded: it has no entries, and nothing is pruned', fieldsOf(event)]
  }
  if (event.type === 'state-set-aside' && event.kind !== 'state') {
    return ['warn', SET_ASIDE[event.kind], fieldsOf(event)]
  }
  return [...LINES[event.type], fieldsOf(event)]
}

const SET_ASIDE = {
  repository: 'a repository is kept, as not all in it came from a remote',
  obstacle: 'what was in the way is moved aside',
  foreign: 'foreign files stay, as they cannot be removed',
}

/** What is for metrics, or for hooks. */
const NOT_LOGGED = ['type', 'kind', 'isKept', 'phases', 'changes', 'commits', 'summary']

/** What an event says, in whole milliseconds. */
function fieldsOf(event: object): LogFields {
  const fields = Object.entries(event).filter(([name]) => !NOT_LOGGED.includes(name))
  return Object.fromEntries(
    fields.map(([name, value]) => [
      name,
      typeof value === 'number' && name.endsWith('Ms') ? Math.round(value) : value,
    ]),
  )
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
