import assert from 'node:assert/strict'
import { test } from 'node:test'
import { renderStatus } from '../../../src/front/git-autosync/show-status.js'
import { entryStatus } from '../../helpers/entry-status.js'
import { startHttpServer } from '../../helpers/http-server.js'
import { runProgram } from '../../helpers/service.js'
import { serverSource } from '../../helpers/test-server.js'

const NOW = Date.parse('2024-01-01T01:00:00.000Z')

const SYNCED = entryStatus({
  path: 'site',
  oid: '3df4d98ebf9a6711794564e9a466bce263faa105',
  subject: 'Say what a remote answers where it has no branch, and of which name',
  state: 'synced',
  since: '2024-01-01T00:55:00.000Z',
})

const FAILING = entryStatus({
  path: 'docs/\u001b[2J',
  state: 'failing',
  since: '2023-12-29T00:00:00.000Z',
  error: { code: 'branch-not-found', message: 'The remote has no branch "mian".' },
  failingHooks: [
    {
      hook: 'after/0',
      code: 'hook-failed',
      message: 'It said no.',
      consecutiveFailures: 2,
      nextAttempt: null,
    },
  ],
})

const SYNCING = entryStatus({
  path: 'large',
  state: 'syncing',
  progress: { phase: 'fetch', receivedBytes: 12_900_000, filesWritten: 76, elapsedMs: 12_345 },
})

test('is a table of all entries, with what a remote says made visible', () => {
  const { build, listing } = serverSource().status()
  const report = { build, listing, entries: [SYNCED, FAILING, SYNCING] }
  report.listing = { ...report.listing, valid: false, faults: ['/0/path is missing'] }
  assert.deepEqual(renderStatus(report, NOW).split('\n'), [
    'git-autosync 1.2.3, listing listing.json: 0 entries, loaded 60m ago',
    'the listing is not valid: /0/path is missing',
    '',
    'PATH          STATE    SINCE  COMMIT      REF   SUBJECT                                             MESSAGE',
    'site          synced   5m     3df4d98ebf  main  Say what a remote answers where it has no branch,…',
    'docs/\\x1b[2J  failing  3d     -           main                                                      branch-not-found: The remote has no branch "mian".; hook-failed: It said no.',
    'large         syncing  60m    -           main                                                      fetch, 12.3 MiB received, 76 files written',
  ])
})

test('tells of the other instances where there are several', () => {
  const others = [
    { index: 0, entries: 2, holder: 'fleet-0 (process 7, shard 0/3)' },
    { index: 2, entries: 1, holder: null },
  ]
  const { build, listing } = serverSource().status()
  const report = { build, listing, entries: [], shard: { index: 1, total: 3, others } }
  assert.deepEqual(renderStatus(report, NOW).split('\n').slice(1, 4), [
    'shard 1 of 3',
    '  shard 0 has 2 entries, seen at work: fleet-0 (process 7, shard 0/3)',
    '  shard 2 has 1 entries',
  ])
})

test('comes from the service that is named, and says where there is none', async (t) => {
  const server = await startHttpServer(t, (request, response) => {
    if (request.url === '/below/status') response.end(JSON.stringify(serverSource().status()))
    else response.writeHead(404).end()
  })
  const found = await runProgram(['status', '--url', `${server.url}/below/`])
  assert.deepEqual([found.code, found.stderr], [0, ''])
  assert.match(found.stdout, /^git-autosync 1\.2\.3, .*\n\nPATH +STATE/)
  const missing = await runProgram(['status', '--url', server.url])
  assert.deepEqual([missing.code, missing.stdout], [1, ''])
  assert.match(missing.stderr, /\/status gives no status \(it answered 404\): check/)
})
