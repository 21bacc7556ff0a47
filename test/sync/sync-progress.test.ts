// What is told of a sync that takes long, and what /status shows of it meanwhile.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { beginAnew, beginPhase, countFile, createProgress } from '../../src/worker/progress.js'
import { createFakeSync, failure, oid, REPO } from '../helpers/fake-sync.js'

test('a sync of more than 10 s says each 10 s how far it is, and /status does at any time', async (t) => {
  const sync = createFakeSync(t)
  const publish = sync.workers.publish.bind(sync.workers)
  let work = createProgress()
  sync.workers.publish = (pack, signal) => {
    work = pack.progress ?? work
    return publish(pack, signal)
  }
  sync.workers.gates.publish.shut()
  await sync.list({ path: 'a' })
  const begun = { phase: 'fetch', receivedBytes: 4, filesWritten: 0, elapsedMs: 0 }
  assert.deepEqual(sync.status().progress, begun)
  await sync.clock.advance(9_999)
  assert.deepEqual(sync.eventsOf('sync-continues'), [])
  assert.deepEqual(sync.status().progress, { ...begun, elapsedMs: 9_999 })

  beginPhase(work, 'unpack')
  for (let file = 0; file < 3; file++) countFile(work)
  await sync.clock.advance(1)
  const labels = { entry: 'a', repo: REPO, ref: 'refs/heads/main' }
  const unpacking = { phase: 'unpack', receivedBytes: 4, filesWritten: 3, elapsedMs: 10_000 }
  assert.deepEqual(sync.eventsOf('sync-continues'), [
    { type: 'sync-continues', ...labels, ...unpacking },
  ])
  beginPhase(work, 'publish')
  await sync.clock.advance(19_999)
  assert.deepEqual(
    sync.eventsOf('sync-continues').map(({ phase, elapsedMs }) => [phase, elapsedMs]),
    [
      ['unpack', 10_000],
      ['publish', 20_000],
    ],
  )

  sync.workers.gates.publish.open()
  await sync.clock.advance(60_000)
  assert.equal(sync.status().progress, null)
  assert.equal(sync.eventsOf('sync-continues').length, 2, 'it has ended')
})

test('received bytes are told as they come, at most once a second, and the rest at the end', async (t) => {
  const sync = createFakeSync(t)
  const { clock } = sync
  async function* chunks() {
    for (const size of [1, 2, 3, 4, 5]) {
      yield Buffer.alloc(size)
      await new Promise<void>((resolve) => clock.schedule(400, resolve))
    }
  }
  sync.remote().fetch = async () => ({ chunks: chunks() })
  const told = () => sync.eventsOf('bytes-received').map(({ bytes }) => bytes)
  await sync.list({ path: 'a' })
  assert.deepEqual(told(), [1])
  await clock.advance(1_199)
  assert.deepEqual(told(), [1])
  assert.equal(sync.status().progress?.receivedBytes, 6)
  await clock.advance(1)
  assert.deepEqual(told(), [1, 9])
  await clock.advance(800)
  assert.deepEqual(told(), [1, 9, 5])
  assert.equal(sync.status().state, 'synced')
})

test('bytes that stay away are told of by then, and so are those of a sync that fails', async (t) => {
  const sync = createFakeSync(t)
  const { clock } = sync
  async function* chunks() {
    yield Buffer.alloc(1)
    yield Buffer.alloc(2)
    await new Promise<void>((resolve) => clock.schedule(11_000, resolve))
    yield Buffer.alloc(4)
    yield Buffer.alloc(8)
    throw failure('connection-failed')
  }
  sync.remote().fetch = async () => ({ chunks: chunks() })
  const told = () => sync.eventsOf('bytes-received').map(({ bytes }) => bytes)
  await sync.list({ path: 'a' })
  await clock.advance(10_000)
  assert.deepEqual(told(), [1, 2])
  await clock.advance(1_000)
  assert.deepEqual(told(), [1, 2, 4, 8])
  assert.equal(sync.status().error?.code, 'connection-failed')
  assert.equal(sync.status().progress, null)
})

test('a fetch of everything after a thin one counts on, and writes its files anew', async (t) => {
  const sync = createFakeSync(t)
  await sync.list({ path: 'a' })
  const publish = sync.workers.publish.bind(sync.workers)
  sync.workers.publish = (pack, signal) => {
    if (pack.progress) {
      beginAnew(pack.progress)
      countFile(pack.progress)
    }
    return publish(pack, signal)
  }
  sync.forget()
  sync.workers.errors.publish.push(failure('base-missing'))
  sync.remote().push(oid(2))
  sync.workers.gates.inspect.shut()
  let last: unknown
  const fetch = sync.remote().fetch.bind(sync.remote())
  sync.remote().fetch = async (request, signal) => {
    last = sync.status().progress
    return fetch(request, signal)
  }
  await sync.clock.advance(60_000)
  assert.deepEqual(last, { phase: 'fetch', receivedBytes: 4, filesWritten: 1, elapsedMs: 0 })
  const bytes = sync.eventsOf('bytes-received').reduce((sum, event) => sum + event.bytes, 0)
  assert.equal(bytes, 8)
})
