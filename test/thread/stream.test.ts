import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { MessageChannel, type MessagePort } from 'node:worker_threads'
import { SyncError } from '../../src/base/errors.js'
import { receiveChunks, sendChunks } from '../../src/thread/stream.js'
import { atEnd } from '../helpers/at-end.js'
import type { TestScope } from '../helpers/git.js'

/** The bytes that may be on their way: batches of 256 KiB, 16 of them, and one being filled. */
const WINDOW_BYTES = 17 * 256 * 1024

function connect(t: TestScope): [MessagePort, MessagePort] {
  const { port1, port2 } = new MessageChannel()
  atEnd(t, () => {
    port1.close()
    port2.close()
  })
  return [port1, port2]
}

async function receiveAll(port: MessagePort): Promise<Buffer> {
  const received: Uint8Array[] = []
  for await (const chunk of receiveChunks(port)) received.push(chunk)
  return Buffer.concat(received)
}

async function* pieces(content: Buffer, bytes: number): AsyncGenerator<Buffer> {
  for (let start = 0; start < content.length; start += bytes) {
    yield content.subarray(start, start + bytes)
  }
}

test('what is sent arrives, in chunks of any size', async (t) => {
  const content = randomBytes(1_500_000)
  for (const chunkBytes of [1000, 65_515, 256 * 1024, 256 * 1024 + 1, content.length]) {
    const [sender, receiver] = connect(t)
    const [received] = await Promise.all([
      receiveAll(receiver),
      sendChunks(sender, pieces(content, chunkBytes)),
    ])
    assert.ok(received.equals(content), `${chunkBytes}`)
  }
})

test('nothing is sent, too', async (t) => {
  const empty = [Buffer.alloc(0), Buffer.alloc(0)]
  for (const chunks of [[], empty]) {
    const [sender, receiver] = connect(t)
    const source = (async function* () {
      yield* chunks
    })()
    const [received] = await Promise.all([receiveAll(receiver), sendChunks(sender, source)])
    assert.equal(received.length, 0)
  }
})

test('what was sent before anyone listens is not lost', async (t) => {
  const [sender, receiver] = connect(t)
  await sendChunks(sender, pieces(Buffer.from('early'), 2))
  assert.equal((await receiveAll(receiver)).toString(), 'early')
})

test('a chunk that was sent may be filled again', async (t) => {
  const [sender, receiver] = connect(t)
  const chunk = Buffer.alloc(256 * 1024, 'x')
  const source = (async function* () {
    yield chunk
    chunk.fill('y')
    yield chunk
  })()
  const [received] = await Promise.all([receiveAll(receiver), sendChunks(sender, source)])
  assert.equal(received.length, 2 * chunk.length)
  assert.equal(received[chunk.length - 1], 0x78)
  assert.equal(received[chunk.length], 0x79)
})

test('the sender waits for a receiver that takes its time', async (t) => {
  const [sender, receiver] = connect(t)
  const chunk = Buffer.alloc(64 * 1024)
  let sent = 0
  const source = (async function* () {
    for (let count = 0; count < 200; count++) {
      sent += chunk.length
      yield chunk
    }
  })()
  const sending = sendChunks(sender, source)
  let received = 0
  for await (const bytes of receiveChunks(receiver)) {
    received += bytes.length
    await turns(20)
    assert.ok(sent - received <= WINDOW_BYTES, `${sent - received} bytes are on their way`)
  }
  await sending
  assert.equal(received, 200 * chunk.length)
})

test('a receiver that leaves early ends the source, without an error', async (t) => {
  const [sender, receiver] = connect(t)
  let isSourceClosed = false
  const source = (async function* () {
    try {
      for (;;) {
        yield Buffer.alloc(64 * 1024)
        await turns(1)
      }
    } finally {
      isSourceClosed = true
    }
  })()
  const sending = sendChunks(sender, source)
  for await (const bytes of receiveChunks(receiver)) {
    assert.equal(bytes.length, 256 * 1024)
    break
  }
  await sending
  // It is left at its next chunk.
  await turns(5)
  assert.ok(isSourceClosed)
})

test('a sender that waits for room ends, too, when the receiver is gone', async (t) => {
  const [sender, receiver] = connect(t)
  const sending = sendChunks(sender, pieces(Buffer.alloc(3 * WINDOW_BYTES), 64 * 1024))
  await turns(50)
  receiver.close()
  await sending
})

test('a sender whose source has nothing to give ends, too, and its failure later is no news', async (t) => {
  const [sender, receiver] = connect(t)
  let fail = (_error: Error) => {}
  const source = (async function* (): AsyncGenerator<Buffer> {
    yield Buffer.from('a start')
    await new Promise((_resolve, reject) => {
      fail = reject
    })
  })()
  const sending = sendChunks(sender, source)
  await turns(5)
  receiver.close()
  await sending
  fail(new Error('the request was stopped'))
  await turns(5)
})

test('a port that closes before the first chunk is no error', async (t) => {
  const [sender, receiver] = connect(t)
  const sending = sendChunks(sender, pieces(Buffer.alloc(3 * WINDOW_BYTES), 64 * 1024))
  receiver.close()
  await sending
})

test('a failing source fails both sides', async (t) => {
  const [sender, receiver] = connect(t)
  const fault = new Error('the source broke')
  const source = (async function* () {
    yield Buffer.from('a start')
    throw fault
  })()
  const [receiving, sending] = await Promise.allSettled([
    receiveAll(receiver),
    sendChunks(sender, source),
  ])
  assert.equal(sending.status === 'rejected' && sending.reason, fault)
  assert.match(String(receiving.status === 'rejected' && receiving.reason), /the source broke/)
})

test('what a source fails by keeps what follows from it', async (t) => {
  const [sender, receiver] = connect(t)
  const dependency = { lfsHost: 'host' }
  const fault = new SyncError('rate-limited', 'Too many.', { retryAfterMs: 7, dependency })
  const source = (async function* () {
    yield Buffer.from('a start')
    throw fault
  })()
  const sending = assert.rejects(sendChunks(sender, source))
  const error: unknown = await receiveAll(receiver).catch((reason) => reason)
  await sending
  assert.ok(error instanceof SyncError)
  const { code, message, retryAfterMs } = error
  assert.deepEqual(
    { code, message, retryAfterMs, dependency: error.dependency },
    { code: 'rate-limited', message: 'Too many.', retryAfterMs: 7, dependency },
  )
})

test('a sender that vanishes fails the receiver', async (t) => {
  const [sender, receiver] = connect(t)
  const receiving = assert.rejects(receiveAll(receiver), /stopped sending/)
  await turns(2)
  sender.close()
  await receiving
})

/** Lets messages between the ports pass. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve))
}
