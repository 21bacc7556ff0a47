import assert from 'node:assert/strict'
import net, { type AddressInfo } from 'node:net'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { createHttpClient } from '../../../src/transport/http/undici-client.js'
import { atEnd } from '../../helpers/at-end.js'
import type { TestScope } from '../../helpers/git.js'

/** What a client makes of an answer that comes in pieces. */
async function answered(t: TestScope, pieces: readonly string[]) {
  const server = net.createServer((socket) => {
    socket.setNoDelay()
    socket.once('data', async () => {
      for (const piece of pieces) {
        socket.write(piece)
        await nextTurn()
      }
      socket.end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const client = createHttpClient({ idleTimeoutMs: 60_000 })
  atEnd(t, async () => {
    await client.close()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const { body, headers, statusCode } = await client.request({ url: `http://127.0.0.1:${port}/` })
  const chunks: Uint8Array[] = []
  for await (const chunk of body) chunks.push(chunk)
  return { statusCode, x: headers['x'], body: Buffer.concat(chunks).toString() }
}

const ANSWERS: Record<string, readonly string[]> = {
  'as they should be': ['HTTP/1.1 200 OK\r\nx: y\r\n\r\n', 'a\nb\r\n'],
  'without carriage returns': ['HTTP/1.1 200 OK\nx: y\n\na\nb\r\n'],
  'with some': ['HTTP/1.1 200 OK\r\nx: y\n\r\na\nb\r\n'],
  'of one at the end': ['HTTP/1.1 200 OK\r\nx: y\r\n\n', 'a\nb\r\n'],
  'in pieces': ['HT', 'TP/1.1 200 OK\nx', ': y\n', '\n', 'a\nb\r\n'],
  'after an interim answer': ['HTTP/1.1 100 Continue\n\nHTTP/1.1 200 OK\n', 'x: y\n\na\n', 'b\r\n'],
}

for (const [what, pieces] of Object.entries(ANSWERS)) {
  test(`an answer whose lines end ${what}`, async (t) => {
    assert.deepEqual(await answered(t, pieces), { statusCode: 200, x: 'y', body: 'a\nb\r\n' })
  })
}

test('an answer without a head is none', async (t) => {
  for (const pieces of [['SSH-2.0-x\r\n'], ['HTTP/1.1 200 OK\n'], ['HTTP/1.1 what?\n\n']]) {
    await assert.rejects(answered(t, pieces), { name: 'SyncError' }, pieces.join())
  }
})
