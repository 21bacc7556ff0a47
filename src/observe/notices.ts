// Turns events into notices: what somebody may have to act on, or waits for. Of what goes on, only its
// beginning and its end are told.
import { remedyOf } from '../base/error-codes.js'
import type { SyncError } from '../base/errors.js'
import type { Notice } from '../hooks/notifier.js'
import { type EntryLabels, labelsIn, type SyncEvent } from '../sync/events.js'

/** What there is to tell of an event, in order; `redact` takes secrets out of text. */
export type NoticesOf = (event: SyncEvent) => Notice[]

/** Creates what tells; it remembers which entries fail. */
export function createNotices(redact: (text: string) => string): NoticesOf {
  const failing = new Map<string, 'failing' | 'stalled'>()
  /** The faults of the listing that were told last. */
  let faultsTold = ''

  const errorOf = ({ code, dependency, message }: SyncError) => {
    return { code, message: redact(message), advice: remedyOf(code, dependency?.hook) }
  }

  function failed(event: Extract<SyncEvent, { type: 'poll-failed' | 'sync-failed' }>): Notice[] {
    const { error } = event
    const { code, disposition } = error
    // Neither is a fault.
    if (code === 'aborted' || code === 'lease-held') return []
    const type = disposition === 'stall' ? 'stalled' : 'failing'
    if (failing.get(event.entry) === type) return []
    failing.set(event.entry, type)
    return [{ type, subject: event.entry, data: { ...labelsIn(event), error: errorOf(error) } }]
  }

  function succeeded(event: EntryLabels & { oid: string }): Notice[] {
    if (!failing.delete(event.entry)) return []
    const data = { ...labelsIn(event), oid: event.oid }
    return [{ type: 'recovered', subject: event.entry, data }]
  }

  return (event) => {
    switch (event.type) {
      case 'poll-failed':
      case 'sync-failed':
        return failed(event)
      case 'poll-unchanged':
        return succeeded(event)
      case 'sync-published': {
        const { bytes, durationMs, entry, filesDeleted, filesWritten, oid, summary } = event
        const { author, subject } = summary ?? {}
        const data = {
          ...{ ...labelsIn(event), oid, previousOid: event.previousOid ?? null },
          ...{ filesWritten, filesDeleted, bytes, durationMs: Math.round(durationMs) },
          ...(subject !== undefined && { subject: redact(subject) }),
          ...(author !== undefined && { author: redact(author) }),
        }
        return [...succeeded(event), { type: 'published', subject: entry, data }]
      }
      case 'drift-repaired': {
        const { entry, firstPaths, oid, paths } = event
        const data = { ...labelsIn(event), oid, paths, firstPaths }
        return [{ type: 'drift-repaired', subject: entry, data }]
      }
      case 'hook-failed': {
        // One before a publication makes the entry fail, which is told.
        const { attempt, entry, error, hook, oid, retryInMs } = event
        if (attempt > 1 || retryInMs === undefined) return []
        const data = { ...labelsIn(event), oid, hook, error: errorOf(error) }
        return [{ type: 'hook-failed', subject: entry, data }]
      }
      case 'listing-rejected': {
        const faults = event.faults.map(redact)
        if (faults.join('\n') === faultsTold) return []
        faultsTold = faults.join('\n')
        const data = { error: errorOf(event.error), faults }
        return [{ type: 'listing-rejected', subject: event.path, data }]
      }
      case 'listing-loaded':
        faultsTold = ''
        return []
      case 'entry-removed':
        failing.delete(event.entry)
        return []
      default:
        return []
    }
  }
}
