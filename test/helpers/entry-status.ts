// What /status shows of an entry, with values that tests need not care for.
import type { ShownEntry } from '../../src/server/status-route.js'

/** The status of an entry that was never polled, but for what is said otherwise. */
export function entryStatus(fields: Partial<ShownEntry> = {}): ShownEntry {
  return {
    path: 'repos/a',
    repo: 'https://git.example.com/a.git',
    ref: 'refs/heads/main',
    oid: null,
    subject: null,
    author: null,
    committedAt: null,
    signer: null,
    commits: null,
    state: 'pending',
    since: '2024-01-01T00:00:00.000Z',
    lastPolled: null,
    lastPublished: null,
    nextPoll: null,
    progress: null,
    consecutiveFailures: 0,
    error: null,
    required: true,
    webhooks: 'none',
    failingHooks: [],
    ...fields,
  }
}
