// Notices in their order, each until it is taken, and no more of them than are held.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { SyncError } from '../../src/base/errors.js'
import { HookRefusal } from '../../src/hooks/hook-refusal.js'
import { Notifier } from '../../src/hooks/notifier.js'
import { FakeClock } from '../helpers/fake-clock.js'
import { Gate } from '../helpers/gate.js'

function create() {
  const clock = new FakeClock()
  const gate = new Gate()
  const failures: SyncError[] = []
  const failed: (number | undefined)[] = []
  const dropped: number[] = []
  const ids: string[] = []
  const sent: { subject: string; [name: string]: unknown }[] = []
  const notifier = new Notifier({
    clock,
    random: () => 0,
    source: 'urn:git-autosync:host',
    address: {
      ...{ url: 'https://example.com', urlFile: undefined, secretFile: undefined },
      ...{ headers: {}, headerFiles: {} },
    },
    async post(_address, { body, contentType, id }, { signal }) {
      ids.push(id)
      await gate.pass(signal)
      const failure = failures.shift()
      if (failure) throw failure
      assert.equal(contentType, 'application/cloudevents+json')
      sent.push(JSON.parse(body))
    },
    onFailed: (_error, _attempt, retryInMs) => failed.push(retryInMs),
    onDropped: (count) => dropped.push(count),
    onError: assert.ifError,
  })
  const add = (...subjects: string[]) => {
    for (const subject of subjects) notifier.add({ type: 'published', subject, data: { a: 1 } })
  }
  return { add, clock, dropped, failed, failures, gate, ids, notifier, sent }
}

const subjectsOf = (sent: readonly { subject: string }[]) => sent.map(({ subject }) => subject)

describe('notices', () => {
  test('are CloudEvents', async () => {
    const { add, clock, ids, sent } = create()
    add('site')
    await clock.advance(0)
    assert.deepEqual(sent, [
      {
        specversion: '1.0',
        id: ids[0],
        source: 'urn:git-autosync:host',
        type: 'io.github.git-autosync.published',
        subject: 'site',
        time: '2024-01-01T00:00:00.000Z',
        datacontenttype: 'application/json',
        data: { a: 1 },
      },
    ])
  })

  test('that fail are tried again in their order, each by its id', async () => {
    const { add, clock, failed, failures, ids, sent } = create()
    const busy = new SyncError('rate-limited', 'Later.', { retryAfterMs: 60_000 })
    failures.push(new SyncError('connection-refused', 'It is down.'), busy)
    add('a', 'b')
    await clock.advance(500)
    add('c')
    assert.deepEqual(failed, [500, 60_000])
    await clock.advance(59_999)
    assert.deepEqual(sent, [])
    await clock.advance(1)
    assert.deepEqual(subjectsOf(sent), ['a', 'b', 'c'])
    assert.equal(new Set(ids.slice(0, 3)).size, 1)
  })

  test('may be tried sooner', async () => {
    const { add, clock, failures, notifier, sent } = create()
    failures.push(new SyncError('server-error', 'It answers 503.', { retryAfterMs: 60_000 }))
    add('a')
    await clock.advance(0)
    notifier.retryNow()
    await clock.advance(0)
    assert.deepEqual(subjectsOf(sent), ['a'])
  })

  test('that nobody takes are given up when others may be taken', async () => {
    const { add, clock, failed, failures, sent } = create()
    failures.push(...Array.from({ length: 5 }, () => new HookRefusal('400')))
    add('bad', 'good')
    await clock.advance(120_000)
    assert.deepEqual(subjectsOf(sent), ['good'])
    assert.deepEqual([failed.length, failed.at(-1)], [5, undefined])
  })

  test('are not given up for what says nothing of them', async () => {
    const { add, clock, failed, failures, sent } = create()
    failures.push(...Array.from({ length: 4 }, () => new SyncError('server-error', '503')))
    failures.push(new HookRefusal('400'))
    add('a')
    await clock.advance(120_000)
    assert.deepEqual(subjectsOf(sent), ['a'])
    assert.equal(failed.length, 5)
    assert.equal(failed.includes(undefined), false)
  })

  test('are dropped from the oldest on where too many wait, and that is said', async () => {
    const { add, clock, dropped, gate, sent } = create()
    gate.shut()
    add(...Array.from({ length: 1200 }, (_, at) => `${at}`))
    assert.deepEqual(dropped, [1])
    gate.open()
    await clock.advance(0)
    for (let turn = 0; turn < 1000 && sent.length < 1000; turn++) await clock.advance(0)
    assert.deepEqual([sent.length, sent[0]?.subject, sent.at(-1)?.subject], [1000, '200', '1199'])
    assert.deepEqual(dropped, [1, 199])
  })

  test('end with the service', async () => {
    const { add, clock, failed, gate, notifier, sent } = create()
    gate.shut()
    add('a')
    await clock.advance(0)
    await notifier.close()
    gate.open()
    add('b')
    await clock.advance(10_000)
    assert.deepEqual([sent, failed, clock.pendingTimers], [[], [], 0])
  })
})
