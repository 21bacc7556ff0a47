import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { SyncError } from '../../src/base/errors.js'
import { createRedactor } from '../../src/base/known-secrets.js'
import type { LogFormat, LogLevel } from '../../src/observe/log-choices.js'
import { createLogger } from '../../src/observe/logging.js'
import { FakeClock } from '../helpers/fake-clock.js'
import { TextStream } from '../helpers/text-stream.js'

function createTestLogger(level: LogLevel = 'debug', format: LogFormat = 'json', isTTY = false) {
  const stream = new TextStream({ isTTY })
  const clock = new FakeClock(Date.UTC(2024, 1, 29, 12, 34, 56, 789))
  return { stream, logger: createLogger({ level, format, stream, clock }) }
}

/** What one call at `info` writes as JSON, after the keys that every line has. */
async function fieldsOf(fields: Record<string, unknown>): Promise<Record<string, unknown>> {
  const { stream, logger } = createTestLogger()
  logger.info('m', fields)
  await logger.close()
  const { timestamp, level, message, ...others } = stream.records[0] ?? {}
  return others
}

describe('json', () => {
  test('is one object a line, with the fixed keys first and fields in order', async () => {
    const { stream, logger } = createTestLogger()
    logger.info('published', { entry: 'a', oid: 'b', bytes: 3, error: undefined, gone: undefined })
    logger.warn('second\nline')
    await logger.close()
    assert.deepEqual(stream.lines, [
      '{"timestamp":"2024-02-29T12:34:56.789Z","level":"info","message":"published","entry":"a","oid":"b","bytes":3}',
      '{"timestamp":"2024-02-29T12:34:56.789Z","level":"warn","message":"second\\nline"}',
    ])
  })

  test('fields cannot replace the fixed keys, and a per cent sign is but a character', async () => {
    const { stream, logger } = createTestLogger()
    logger.error('100%done %s', {
      message: 'x',
      level: 'y',
      timestamp: 'z',
      stack: 's',
      entry: 'a',
    })
    await logger.close()
    const [record] = stream.records
    assert.equal(record?.['message'], '100%done %s')
    assert.equal(record?.['level'], 'error')
    assert.equal(record?.['timestamp'], '2024-02-29T12:34:56.789Z')
    assert.equal(record?.['entry'], 'a')
  })

  test('lines below the level are not written', async () => {
    const { stream, logger } = createTestLogger('warn')
    for (const level of ['error', 'warn', 'info', 'debug'] as const) logger[level](level)
    await logger.close()
    assert.deepEqual(
      stream.records.map(({ level }) => level),
      ['error', 'warn'],
    )
  })

  test('close waits until every line is written; calls after it write nothing', async () => {
    const { stream, logger } = createTestLogger()
    for (let line = 0; line < 1_000; line++) logger.info(`line ${line}`)
    await logger.close()
    logger.info('late')
    await logger.close()
    assert.equal(stream.lines.length, 1_000)
    assert.equal(stream.records.at(-1)?.['message'], 'line 999')
  })
})

describe('redaction', () => {
  const SECRET = 'hunter2'
  const url = `https://me:${SECRET}@host/a.git`

  test('no string leaves with a credential, however deep it sits', async () => {
    const { stream, logger } = createTestLogger()
    const error = new Error(`outer ${url}`, { cause: new Error(`inner ${url}`) })
    logger.error(`message ${url}`, {
      repo: url,
      list: [url, { nested: { header: `Authorization: Basic ${SECRET}` } }],
      map: new Map([['key', url]]),
      set: new Set([url]),
      url: new URL(url),
      [url]: 1,
      error,
      other: error,
      many: new AggregateError([error], `all ${url}`),
    })
    logger.error('secrets by name', {
      headers: { authorization: SECRET, Cookie: SECRET, accept: 'text/plain' },
      password: SECRET,
      accessToken: SECRET,
      sshPassphrase: SECRET,
    })
    await logger.close()
    assert.equal(stream.lines.length, 2)
    assert.ok(!stream.text.includes(SECRET), stream.text)
    assert.ok(stream.text.includes('outer https://host/a.git'))
    assert.ok(stream.text.includes('inner https://host/a.git'))
    assert.ok(stream.text.includes('text/plain'))
  })

  test('what the redactor has learnt is taken out, wherever it stands', async () => {
    const stream = new TextStream({ isTTY: false })
    const redactor = createRedactor()
    const logger = createLogger({ level: 'info', format: 'json', stream, redactor })
    redactor.add(SECRET)
    const error = new Error(`it said ${SECRET}`, { cause: new Error(SECRET) })
    logger.info(`message ${SECRET}`, { [SECRET]: 1, list: [SECRET], error, other: error })
    await logger.close()
    assert.ok(!stream.text.includes(SECRET), stream.text)
    assert.ok(stream.text.includes('it said [redacted]'))
  })

  test('the pretty format is redacted as well', async () => {
    const { stream, logger } = createTestLogger('info', 'pretty')
    logger.info(url, { repo: url, error: new Error(url) })
    await logger.close()
    assert.ok(!stream.text.includes(SECRET), stream.text)
  })
})

describe('errors', () => {
  test('an expected one is its code, its sentence and its causes, without a stack', async () => {
    const cause = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' })
    const error = new SyncError('connection-failed', 'The connection broke.', { cause })
    assert.deepEqual(await fieldsOf({ entry: 'a', error }), {
      entry: 'a',
      errorCode: 'connection-failed',
      error: 'The connection broke.',
      cause: { errorCode: 'ECONNRESET', error: 'read ECONNRESET' },
    })
  })

  test('one that nobody expected shows its stack, and that of its cause', async () => {
    const cause = new TypeError('x is not a function')
    const { stack, ...fields } = await fieldsOf({
      error: new SyncError('internal', 'x', { cause }),
    })
    assert.match(String(stack), /logging\.test/)
    assert.deepEqual(fields, {
      errorCode: 'internal',
      error: 'x',
      cause: { error: 'x is not a function', stack: cause.stack },
    })
  })

  test('under another name it is an object, and without a message its name stands in', async () => {
    const first = new SyncError('aborted', '')
    assert.deepEqual(await fieldsOf({ first, error: 'just text' }), {
      first: { errorCode: 'aborted', error: 'SyncError' },
      error: 'just text',
    })
  })
})

describe('values that JSON cannot hold', () => {
  test('circular ones do not throw', async () => {
    const value: Record<string, unknown> = { name: 'a' }
    value['self'] = value
    const error = new SyncError('aborted', 'round')
    error.cause = error
    assert.deepEqual(await fieldsOf({ value, error }), {
      value: { name: 'a', self: '[circular]' },
      errorCode: 'aborted',
      error: 'round',
      cause: '[circular]',
    })
  })

  test('deep, throwing, binary, big and long ones are cut short', async () => {
    let deep: unknown = 1
    for (let depth = 0; depth < 100; depth++) deep = { deep }
    const throwing = {
      get secret() {
        throw new Error('no')
      },
    }
    const fields = await fieldsOf({
      deep,
      throwing,
      bytes: Buffer.from('abc'),
      big: 10n,
      date: new Date(0),
      long: 'x'.repeat(100_000),
    })
    assert.ok(JSON.stringify(fields['deep']).endsWith(`"[too deep]"${'}'.repeat(8)}`))
    assert.equal(fields['throwing'], '[unreadable]')
    assert.equal(fields['bytes'], '[3 bytes]')
    assert.equal(fields['big'], '10')
    assert.equal(fields['date'], '1970-01-01T00:00:00.000Z')
    assert.ok(String(fields['long']).length < 20_000)
  })

  test('escapes what is not seen, as JSON reads it', async () => {
    const text = 'a\u0085b\u009bc\u202ed\u2028e\u{e0041}ä🙂'
    const { stream, logger } = createTestLogger()
    logger.info(text)
    await logger.close()
    const [line = ''] = stream.lines
    assert.ok(/^[\x20-\x7eä🙂]+$/u.test(line), line)
    assert.equal(JSON.parse(line).message, text)
  })

  test('a value that appears twice is not circular', async () => {
    const shared = { a: 1 }
    assert.deepEqual(await fieldsOf({ list: [shared, shared] }), { list: [shared, shared] })
  })
})

describe('pretty', () => {
  test('is a time, a level, the message and the fields', async () => {
    const { stream, logger } = createTestLogger('info', 'pretty')
    logger.warn('poll failed', {
      entry: 'repos/a',
      attempt: 2,
      oid: undefined,
      error: new SyncError('aborted', 'Was stopped.'),
    })
    await logger.close()
    assert.deepEqual(stream.lines, [
      '12:34:56.789 WARN  poll failed entry=repos/a attempt=2 errorCode=aborted error="Was stopped."',
    ])
  })

  test('is coloured on a terminal only', async () => {
    const { stream, logger } = createTestLogger('info', 'pretty', true)
    logger.error('bad')
    await logger.close()
    assert.equal(stream.text, '12:34:56.789 \u001b[31mERROR\u001b[0m bad\n')
  })

  test('is not coloured where NO_COLOR is set', async () => {
    const stream = new TextStream({ isTTY: true })
    const logger = createLogger({ level: 'info', colors: false, stream, clock: new FakeClock(0) })
    logger.error('bad')
    await logger.close()
    assert.equal(stream.text, '00:00:00.000 ERROR bad\n')
  })

  test('is the format of a terminal where none is asked for, and JSON is that of all else', async () => {
    const starts = [true, false].map(async (isTTY) => {
      const stream = new TextStream({ isTTY })
      const logger = createLogger({ level: 'info', stream, clock: new FakeClock(0) })
      logger.info('listening')
      await logger.close()
      return stream.text.slice(0, 13)
    })
    assert.deepEqual(await Promise.all(starts), ['00:00:00.000 ', '{"timestamp":'])
  })

  test('stays one line, and lets no control character of a remote through', async () => {
    const { stream, logger } = createTestLogger('info', 'pretty')
    logger.info('a\nb\u001b[2Jc\u009bd', { text: 'e\nf\u007f' })
    await logger.close()
    assert.deepEqual(stream.lines, ['12:34:56.789 INFO  a\\x0ab\\x1b[2Jc\\x9bd text="e\\nf\\x7f"'])
  })

  test('shows what turns text around, or ends a line elsewhere', async () => {
    const { stream, logger } = createTestLogger('info', 'pretty')
    logger.info('a\u202eb\u2028c', { text: 'd\u2066e\u{e0041}ä🙂' })
    await logger.close()
    const [line = ''] = stream.lines
    assert.equal(line, '12:34:56.789 INFO  a\\u202eb\\u2028c text="d\\u2066e\\udb40\\udc41ä🙂"')
  })
})
