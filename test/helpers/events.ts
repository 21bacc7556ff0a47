// Events as the sync layer reports them, with values that tests need not care for.
import { type ErrorCode, SyncError } from '../../src/base/errors.js'
import type { EntryLabels, SyncEvent } from '../../src/sync/events.js'

export const OID = '1'.repeat(40)
export const OTHER_OID = '2'.repeat(40)

/** Creates the labels of one entry and its events. */
export function entryEvents(entry = 'repos/a') {
  const labels: EntryLabels = { entry, repo: 'https://host/a.git', ref: 'refs/heads/main' }
  const failure = (code: ErrorCode, attempt: number, retryInMs: number | undefined) => ({
    error: new SyncError(code, `It failed with ${code}.`),
    attempt,
    retryInMs,
    durationMs: 250,
  })
  return {
    added: { type: 'entry-added', ...labels },
    removed: { type: 'entry-removed', ...labels },
    pollUnchanged: { type: 'poll-unchanged', ...labels, oid: OID, durationMs: 40.4 },
    pollChanged: { type: 'poll-changed', ...labels, oid: OID, durationMs: 40.4 },
    driftRepaired: {
      type: 'drift-repaired',
      ...labels,
      oid: OID,
      durationMs: 40.4,
      bytes: 345,
      paths: 3,
      firstPaths: ['a', 'b'],
    },
    received: (...bytes: number[]) =>
      bytes.map((each) => ({ type: 'bytes-received', ...labels, bytes: each }) as const),
    pollFailed: (code: ErrorCode, attempt: number, retryInMs: number | undefined = 1_000) =>
      ({ type: 'poll-failed', ...labels, ...failure(code, attempt, retryInMs) }) as const,
    syncFailed: (code: ErrorCode, attempt: number, retryInMs: number | undefined = 1_000) =>
      ({ type: 'sync-failed', oid: OID, ...labels, ...failure(code, attempt, retryInMs) }) as const,
    published: (oid: string, previousOid?: string) =>
      ({
        type: 'sync-published',
        ...labels,
        oid,
        previousOid,
        durationMs: 1_500.5,
        phases: { fetch: 900, unpack: 400, publish: 200 },
        bytes: 44_080,
        filesWritten: 12,
        filesDeleted: 3,
        summary: { subject: 'A change', author: 'A. Writer', committedAt: null },
      }) as const,
  } as const satisfies Record<
    string,
    SyncEvent | ((...values: never[]) => SyncEvent | readonly SyncEvent[])
  >
}
