// What somebody is notified of: the beginning and the end of what goes on, and each publication.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { SyncError } from '../../src/base/errors.js'
import { createNotices } from '../../src/observe/notices.js'
import type { SyncEvent } from '../../src/sync/events.js'
import { entryEvents, OID, OTHER_OID } from '../helpers/events.js'

const site = entryEvents('site')
const labels = { entry: 'site', repo: 'https://host/a.git', ref: 'refs/heads/main' }

/** The types of what is told of these events, of each that anything is told of. */
function typesOf(...events: SyncEvent[]): string[] {
  const noticesOf = createNotices((text) => text)
  return events.flatMap(noticesOf).map(({ subject, type }) => `${type} ${subject}`)
}

function hookFailed(
  hook: string,
  attempt: number,
  retryInMs: number | undefined,
  error = new SyncError('hook-failed', 'It failed.'),
): SyncEvent {
  return {
    type: 'hook-failed',
    ...labels,
    hook,
    oid: OID,
    error,
    attempt,
    retryInMs,
    durationMs: 1,
  }
}

const rejected = (...faults: string[]): SyncEvent => ({
  type: 'listing-rejected',
  path: '/listing.json',
  error: new SyncError('listing-invalid', 'It is invalid.'),
  faults,
})

describe('a notice', () => {
  test('of a failure comes once, and of its end', () => {
    const failing = [1, 2, 3].map((attempt) => site.pollFailed('server-error', attempt))
    assert.deepEqual(
      typesOf(
        ...failing,
        site.syncFailed('volume-full', 4),
        site.pollUnchanged,
        site.pollUnchanged,
      ),
      ['failing site', 'recovered site'],
    )
  })

  test('of a stall comes after that of a failure, and its end with the publication', () => {
    assert.deepEqual(
      typesOf(
        site.pollFailed('server-error', 1),
        site.syncFailed('unsafe-tree', 2, undefined),
        site.syncFailed('unsafe-tree', 3, undefined),
        site.published(OTHER_OID, OID),
      ),
      ['failing site', 'stalled site', 'recovered site', 'published site'],
    )
  })

  test('is not given of what is no fault', () => {
    assert.deepEqual(
      typesOf(
        site.pollFailed('aborted', 1),
        site.pollFailed('lease-held', 1),
        site.pollUnchanged,
        site.pollChanged,
        site.added,
      ),
      [],
    )
  })

  test('of an end comes where the listing was mended', () => {
    assert.deepEqual(
      typesOf(
        site.pollFailed('branch-not-found', 1, undefined),
        { type: 'entry-changed', ...labels },
        site.published(OTHER_OID, OID),
      ),
      ['failing site', 'recovered site', 'published site'],
    )
  })

  test('of an entry that left the listing tells of no end', () => {
    assert.deepEqual(
      typesOf(site.pollFailed('server-error', 1), site.removed, site.pollUnchanged),
      ['failing site'],
    )
  })

  test('of drift, of hooks and of the listing is of the first of each', () => {
    assert.deepEqual(
      typesOf(
        site.driftRepaired,
        hookFailed('after/0', 1, 1000),
        hookFailed('after/0', 2, 2000),
        hookFailed('before/0', 1, undefined),
        rejected('a'),
        rejected('a'),
        rejected('b'),
        { type: 'listing-loaded', path: '/l', entries: 1, added: 0, changed: 0, removed: 0 },
        rejected('b'),
      ),
      [
        'drift-repaired site',
        'hook-failed site',
        ...['listing-rejected /listing.json', 'listing-rejected /listing.json'],
        'listing-rejected /listing.json',
      ],
    )
  })

  test('says what happened, and what to do, without secrets', () => {
    const noticesOf = createNotices((text) => text.replaceAll('hunter2', '[redacted]'))
    const error = new SyncError('server-error', 'It said hunter2.')
    const failure = { error, attempt: 1, retryInMs: 1, durationMs: 1 }
    const [failing] = noticesOf({ type: 'poll-failed', ...labels, ...failure })
    const advice = 'Nothing here: look at the log or the status page of the git server.'
    assert.deepEqual(failing?.data, {
      ...labels,
      error: { code: 'server-error', message: 'It said [redacted].', advice },
    })
    const dependency = { hook: 'after/0' }
    const unreached = new SyncError('connection-refused', 'It is down.', { dependency })
    const [hook] = noticesOf(hookFailed('after/0', 1, 1000, unreached))
    assert.match(JSON.stringify(hook?.data), /"advice":"Read what it said in the message/)
    const summary = { subject: 'Use hunter2', author: 'A', committedAt: 0 }
    const published = noticesOf({ ...site.published(OTHER_OID, OID), summary }).at(-1)
    assert.deepEqual(published?.data, {
      ...{ ...labels, oid: OTHER_OID, previousOid: OID, subject: 'Use [redacted]', author: 'A' },
      ...{ filesWritten: 12, filesDeleted: 3, bytes: 44_080, durationMs: 1501 },
    })
  })
})
