// A server over values that a test can change.

import { systemClock } from '../../src/base/clock.js'
import { pageReport } from '../../src/server/page/page-report.js'
import { createServer, type ServerSource } from '../../src/server/server.js'

/** Creates a healthy server's source, with `changes` applied. */
export function serverSource(changes: Partial<ServerSource> = {}): ServerSource {
  const source = {
    heartbeatAgeMs: () => 0,
    heartbeatLimitMs: 30_000,
    isExhausted: () => false,
    starting: () => [],
    missing: () => [],
    waiting: () => ({}),
    metrics: { render: () => ['up 1\n'], contentType: 'text/plain; version=0.0.4' },
    status: () => ({
      build: { version: '1.2.3', revision: 'abc', node: 'v20.19.0' },
      listing: {
        path: 'listing.json',
        valid: true,
        loadedAt: '2024-01-01T00:00:00.000Z',
        entries: 0,
      },
      entries: [],
    }),
    ...changes,
  }
  const publications = { newest: [], lagMsOf: () => undefined }
  return { page: () => pageReport(source.status(), publications, 0), ...source }
}

/** Creates a server, not listening, and the list of errors it reports. */
export function createTestServer(changes: Partial<ServerSource> = {}) {
  const errors: string[] = []
  const app = createServer(serverSource(changes), {
    clock: systemClock,
    maxConnections: 10,
    onError: (error) => errors.push(error.message),
  })
  return { app, errors }
}
