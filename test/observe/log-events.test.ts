import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { SyncError } from '../../src/base/errors.js'
import { logEvents } from '../../src/observe/log-events.js'
import { createLogger } from '../../src/observe/logging.js'
import type { SyncEvent } from '../../src/sync/events.js'
import { entryEvents, OID, OTHER_OID } from '../helpers/events.js'
import { FakeClock } from '../helpers/fake-clock.js'
import { TextStream } from '../helpers/text-stream.js'

const a = entryEvents('repos/a')
const LABELS = { entry: 'repos/a', repo: 'https://host/a.git', ref: 'refs/heads/main' }

/** The lines of `events` at level debug, without their timestamps. */
async function linesOf(...events: SyncEvent[]): Promise<Record<string, unknown>[]> {
  const stream = new TextStream()
  const logger = createLogger({ level: 'debug', format: 'json', stream })
  const observe = logEvents(logger, new FakeClock())
  for (const event of events) observe(event)
  await logger.close()
  return stream.records.map(({ timestamp, ...record }) => record)
}

async function levelsOf(...events: SyncEvent[]): Promise<unknown[]> {
  return (await linesOf(...events)).map(({ level }) => level)
}

describe('what goes well', () => {
  test('a published change is one info line with its figures', async () => {
    assert.deepEqual(await linesOf(a.pollChanged, a.published(OID, OTHER_OID)), [
      { level: 'debug', message: 'new revision found', ...LABELS, oid: OID, durationMs: 40 },
      {
        level: 'info',
        message: 'published',
        ...LABELS,
        oid: OID,
        previousOid: OTHER_OID,
        durationMs: 1_501,
        bytes: 44_080,
        filesWritten: 12,
        filesDeleted: 3,
      },
    ])
  })

  test('unchanged polls are debug', async () => {
    assert.deepEqual(await linesOf(a.pollUnchanged), [
      { level: 'debug', message: 'nothing new', ...LABELS, oid: OID, durationMs: 40 },
    ])
  })

  test('a broken credentials file is told, and whether another stays in force', async () => {
    const error = new SyncError('credentials-invalid', 'it is not JSON')
    const line = { level: 'error', errorCode: 'credentials-invalid', error: 'it is not JSON' }
    const rejected = (isKept: boolean) => linesOf({ type: 'credentials-rejected', error, isKept })
    assert.deepEqual(await rejected(true), [
      { ...line, message: 'credentials file rejected, the last good one stays in force' },
    ])
    assert.deepEqual(await rejected(false), [
      { ...line, message: 'credentials file rejected, and there was no good one yet' },
    ])
  })

  test('credentials in plain text are a warning', async () => {
    assert.deepEqual(await linesOf({ type: 'credentials-exposed', host: 'git.example:8080' }), [
      {
        level: 'warn',
        message: 'credentials are sent in plain text: use an https:// address as repo',
        host: 'git.example:8080',
      },
    ])
  })

  test('entries that come and leave are debug, as the listing names them; repaired drift is a warning', async () => {
    assert.deepEqual(await linesOf(a.added, a.driftRepaired, a.removed), [
      { level: 'debug', message: 'entry added', ...LABELS },
      {
        level: 'warn',
        message: 'drift repaired',
        ...LABELS,
        oid: OID,
        durationMs: 40,
        bytes: 345,
        paths: 3,
        firstPaths: ['a', 'b'],
      },
      { level: 'debug', message: 'entry removed', ...LABELS },
    ])
  })

  test('what is left as stored is a warning that says what, how much and where', async () => {
    const ignored = { attribute: 'filter=lfs', files: 12, firstPath: 'a/b.bin' }
    const event = { type: 'attribute-ignored', ...LABELS, oid: OID, ...ignored } as const
    const [many, one] = await linesOf(event, { ...event, files: 1 })
    const message = 'filter=lfs is not applied: 12 files are left as stored, first a/b.bin'
    assert.deepEqual(many, { level: 'warn', message, ...LABELS, oid: OID })
    assert.match(`${one?.['message']}`, /: 1 file is left as stored, first a\/b\.bin$/)
  })

  test('files of others that were removed are info, with the first of them', async () => {
    const fields = { ...LABELS, files: 12, firstPaths: ['a', 'b'] }
    assert.deepEqual(await linesOf({ type: 'foreign-removed', ...fields }), [
      { level: 'info', message: 'foreign files removed', ...fields },
    ])
  })

  test('state that is not believed is a warning', async () => {
    const found = { path: '/site/.git-autosync', reason: 'why' }
    assert.deepEqual(await linesOf({ type: 'state-set-aside', kind: 'state', ...found }), [
      {
        level: 'warn',
        message: 'state is not believed, what is on disk is looked at',
        ...found,
      },
    ])
  })

  test('a repository that is kept is a warning that says why', async () => {
    const found = { path: '/site/.git', reason: 'it has refs/stash' }
    assert.deepEqual(await linesOf({ type: 'state-set-aside', kind: 'repository', ...found }), [
      {
        level: 'warn',
        message: 'a repository is kept, as not all in it came from a remote',
        ...found,
      },
    ])
  })

  test('what stays of others is a warning that says why', async () => {
    const found = { path: '/site/cache/f', reason: 'EACCES: permission denied' }
    assert.deepEqual(await linesOf({ type: 'state-set-aside', kind: 'foreign', ...found }), [
      { level: 'warn', message: 'foreign files stay, as they cannot be removed', ...found },
    ])
  })

  test('a request is debug', async () => {
    const request = { host: 'host', service: 'git-upload-pack', code: '200' }
    assert.deepEqual(await linesOf({ type: 'remote-requested', ...request }), [
      { level: 'debug', message: 'remote requested', ...request },
    ])
  })
})

describe('the listing', () => {
  test('loaded is info with what changed', async () => {
    const counts = { path: '/etc/listing.json', entries: 3, added: 1, changed: 0, removed: 2 }
    assert.deepEqual(await linesOf({ type: 'listing-loaded', ...counts }), [
      { level: 'info', message: 'listing loaded', ...counts },
    ])
  })

  test('rejected is an error with every fault', async () => {
    const error = new SyncError('listing-invalid', 'The listing has 2 faults.')
    const faults = ['/0/path must be a string', '/1/repo is missing']
    assert.deepEqual(
      await linesOf({ type: 'listing-rejected', path: '/etc/listing.json', error, faults }),
      [
        {
          level: 'error',
          message: 'listing rejected, nothing changes',
          path: '/etc/listing.json',
          faults,
          errorCode: 'listing-invalid',
          error: 'The listing has 2 faults.',
        },
      ],
    )
  })
})

describe('failures', () => {
  test('are warnings with code, sentence and attempt', async () => {
    assert.deepEqual(
      await linesOf(a.pollFailed('server-error', 1), a.syncFailed('volume-full', 2)),
      [
        {
          level: 'warn',
          message: 'poll failed',
          ...LABELS,
          durationMs: 250,
          attempt: 1,
          retryInMs: 1_000,
          errorCode: 'server-error',
          error: 'It failed with server-error.',
        },
        {
          level: 'warn',
          message: 'sync failed',
          ...LABELS,
          oid: OID,
          durationMs: 250,
          attempt: 2,
          retryInMs: 1_000,
          errorCode: 'volume-full',
          error: 'It failed with volume-full.',
        },
      ],
    )
  })

  test('that only a change can mend are errors', async () => {
    const event = { ...a.syncFailed('unsafe-tree', 1), retryInMs: undefined }
    const [line] = await linesOf(event)
    assert.equal(line?.['level'], 'error')
    assert.equal(line?.['message'], 'sync failed, waiting for a change')
  })

  test('of the service stopping are debug, and no recovery follows them', async () => {
    assert.deepEqual(await levelsOf(a.syncFailed('aborted', 1), a.published(OID)), [
      'debug',
      'info',
    ])
  })

  test('that repeat are loud at powers of two only', async () => {
    const attempts = Array.from({ length: 17 }, (_, index) => index + 1)
    const lines = await linesOf(...attempts.map((n) => a.pollFailed('connection-refused', n)))
    const loud = lines.filter(({ level }) => level === 'warn').map(({ attempt }) => attempt)
    assert.deepEqual(loud, [1, 2, 4, 8, 16])
    assert.equal(lines.length, 17)
  })

  test('of another kind are loud at once', async () => {
    const events = [
      a.pollFailed('connection-refused', 4),
      a.pollFailed('connection-refused', 5),
      a.pollFailed('server-error', 6),
      a.pollFailed('server-error', 7),
    ]
    assert.deepEqual(await levelsOf(...events), ['warn', 'debug', 'warn', 'debug'])
  })

  test('of one entry do not hide those of another', async () => {
    const b = entryEvents('repos/b')
    const events = [a.pollFailed('server-error', 3), b.pollFailed('server-error', 3)]
    assert.deepEqual(await levelsOf(...events), ['warn', 'warn'])
  })
})

describe('recovery', () => {
  for (const success of [a.pollUnchanged, a.published(OID)]) {
    test(`is said once, at ${success.type}`, async () => {
      const lines = await linesOf(a.pollFailed('server-error', 5), success, success)
      assert.deepEqual(
        lines.filter(({ message }) => message === 'recovered'),
        [
          {
            level: 'info',
            message: 'recovered',
            ...LABELS,
            attempt: 5,
            errorCode: 'server-error',
            failedForMs: 0,
          },
        ],
      )
      assert.equal(lines.length, 4)
    })
  }

  test('says how long it took, from the first failure on', async () => {
    const clock = new FakeClock()
    const stream = new TextStream()
    const logger = createLogger({ level: 'info', format: 'json', stream })
    const observe = logEvents(logger, clock)
    observe(a.pollFailed('server-error', 1))
    await clock.advance(60_000)
    observe(a.pollFailed('connection-refused', 2))
    await clock.advance(30_000)
    observe(a.pollUnchanged)
    await logger.close()
    assert.equal(stream.records.at(-1)?.['failedForMs'], 90_000)
  })

  test('is not said while only the poll works again, nor of an entry listed anew', async () => {
    const lines = await linesOf(
      a.syncFailed('volume-full', 1),
      a.pollChanged,
      a.removed,
      a.added,
      a.published(OID),
    )
    assert.ok(lines.every(({ message }) => message !== 'recovered'))
  })
})
