import assert from 'node:assert/strict'
import { once } from 'node:events'
import net, { type AddressInfo } from 'node:net'
import path from 'node:path'
import { test } from 'node:test'
import { type ErrorCode, SyncError } from '../../../src/base/errors.js'
import type { HttpResponse } from '../../../src/transport/http/http-client.js'
import {
  createHttpClient,
  type HttpClientOptions,
} from '../../../src/transport/http/undici-client.js'
import type { ObservedRequest } from '../../../src/transport/transport.js'
import { atEnd } from '../../helpers/at-end.js'
import { createRepo, type TestScope, tempDir } from '../../helpers/git.js'
import { startGitServer } from '../../helpers/git-http-server.js'
import { startHttpServer } from '../../helpers/http-server.js'

function createClient(t: TestScope, options: Partial<HttpClientOptions> = {}) {
  const client = createHttpClient({ idleTimeoutMs: 60_000, ...options })
  atEnd(t, () => client.close())
  return client
}

async function textOf(response: HttpResponse): Promise<string> {
  const chunks: Uint8Array[] = []
  for await (const chunk of response.body) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

/** Unlike `once`, takes a reset for an end. */
const closeOf = (socket: net.Socket) =>
  new Promise<void>((resolve) => socket.on('close', () => resolve()))

const failsWith = (code: ErrorCode, words: RegExp) => (error: unknown) => {
  assert.ok(error instanceof SyncError, String(error))
  assert.equal(error.code, code, error.message)
  assert.match(error.message, words)
  return true
}

test('speaks to a real git server over one kept connection', async (t) => {
  const root = tempDir(t)
  createRepo(path.join(root, 'repo.git'), { bare: true }).commit('first', { a: 'b' })
  const server = await startGitServer(t, { root })
  const observed: ObservedRequest[] = []
  const client = createClient(t, { observe: (request) => observed.push(request) })

  const headers = { 'git-protocol': 'version=2' }
  const url = `${server.url}/repo.git`
  const refs = await client.request({ url: `${url}/info/refs?service=git-upload-pack`, headers })
  assert.equal(refs.statusCode, 200)
  assert.equal(refs.statusMessage, 'OK')
  assert.equal(refs.url, `${url}/info/refs?service=git-upload-pack`)
  assert.equal(refs.headers['content-type'], 'application/x-git-upload-pack-advertisement')
  assert.match(await textOf(refs), /^000eversion 2\n/)

  const command = Buffer.from('0014command=ls-refs\n00010000')
  const answer = await client.request({
    url: `${url}/git-upload-pack`,
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/x-git-upload-pack-request' },
    body: [command.subarray(0, 5), command.subarray(5)],
  })
  assert.match(await textOf(answer), / HEAD\n.* refs\/heads\/main\n0000$/)

  assert.equal(server.connections, 1)
  assert.equal(server.requests[1]?.headers['content-length'], String(command.length))
  assert.equal(server.requests[0]?.headers['accept-encoding'], undefined)
  assert.match(server.requests[0]?.headers['user-agent'] ?? '', /^git\//)
  const { host } = new URL(url)
  assert.deepEqual(observed, [
    { host, service: 'git-upload-pack', code: '200' },
    { host, service: 'git-upload-pack', code: '200' },
  ])
})

test('a silent server is an idle time-out, before the headers and in the body', async (t) => {
  const server = await startHttpServer(t, (request, response) => {
    if (request.url === '/body') response.write('a start')
  })
  const observed: string[] = []
  const client = createClient(t, {
    idleTimeoutMs: 2000,
    observe: ({ code }) => observed.push(code),
  })
  await assert.rejects(
    client.request({ url: `${server.url}/headers` }),
    failsWith('idle-timeout', /^127\.0\.0\.1:\d+ sent nothing for IDLE_TIMEOUT/),
  )
  const response = await client.request({ url: `${server.url}/body` })
  await assert.rejects(textOf(response), failsWith('idle-timeout', /IDLE_TIMEOUT/))
  assert.deepEqual(observed, ['idle-timeout', '200'])
})

test('a slow reader is no idle server', async (t) => {
  const chunk = Buffer.alloc(1 << 20, 1)
  const server = await startHttpServer(t, (request, response) => {
    if (request.url === '/silent') return
    for (let count = 0; count < 8; count++) response.write(chunk)
    response.end()
  })
  const client = createClient(t, { idleTimeoutMs: 2000 })
  // Another that is idle from now on is given up later than this one would be.
  const untilGivenUp = () =>
    assert.rejects(
      client.request({ url: `${server.url}/silent` }),
      failsWith('idle-timeout', /IDLE_TIMEOUT/),
    )
  const response = await client.request({ url: server.url })
  let bytes = 0
  for await (const { length } of response.body) {
    if (bytes === 0) await untilGivenUp()
    bytes += length
  }
  assert.equal(bytes, 8 << 20)
})

test('what cannot be reached is told apart', async (t) => {
  const client = createClient(t)
  const listener = net.createServer().listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const { port } = listener.address() as AddressInfo
  listener.close()
  await once(listener, 'close')
  await assert.rejects(
    client.request({ url: `http://127.0.0.1:${port}/` }),
    failsWith('connection-refused', /^127\.0\.0\.1:\d+ refuses connections .*check the port/),
  )
  await assert.rejects(
    client.request({ url: 'https://nonexistent.invalid/repo.git' }),
    failsWith('host-not-found', /^The host nonexistent\.invalid is not found/),
  )
})

test('a server without TLS, or without HTTP, is told apart', async (t) => {
  const server = await startHttpServer(t, (_, response) => response.end())
  const client = createClient(t)
  await assert.rejects(
    client.request({ url: server.url.replace('http:', 'https:') }),
    failsWith('tls-failed', /^What answers at 127\.0\.0\.1:\d+ does not speak TLS: check/),
  )
  const other = net.createServer((socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n'))
  atEnd(t, () => other.close())
  other.listen(0, '127.0.0.1')
  await once(other, 'listening')
  await assert.rejects(
    client.request({ url: `http://127.0.0.1:${(other.address() as AddressInfo).port}/` }),
    failsWith('not-a-git-server', /does not speak HTTP/),
  )
})

test('a connection that breaks in the body is a failed connection', async (t) => {
  const server = await startHttpServer(t, (request, response) => {
    if (request.url === '/length') response.setHeader('content-length', 100)
    response.write('a start')
    setImmediate(() => response.destroy())
  })
  const client = createClient(t)
  for (const cut of ['length', 'chunked']) {
    const response = await client.request({ url: `${server.url}/${cut}` })
    await assert.rejects(
      textOf(response),
      failsWith('connection-failed', /^The connection to 127\.0\.0\.1:\d+ failed/),
    )
  }
})

test('a connection that the server closed while it was idle costs no failure', async (t) => {
  let closeNext = false
  const server = await startHttpServer(t, (request, response) => {
    if (closeNext) {
      closeNext = false
      // What a load balancer does that has forgotten the connection.
      request.socket.resetAndDestroy()
    } else response.end('fine')
  })
  const codes: string[] = []
  const client = createClient(t, { observe: ({ code }) => codes.push(code) })
  await textOf(await client.request({ url: server.url }))
  closeNext = true
  const post = { url: server.url, method: 'POST' as const, body: [Buffer.from('x')] }
  assert.equal(await textOf(await client.request(post)), 'fine')
  assert.deepEqual(codes, ['200', 'connection-failed', '200'])
  assert.equal(server.connections, 2)

  server.server.closeAllConnections()
  assert.equal(await textOf(await client.request(post)), 'fine')
})

test('a new connection that breaks is not tried again', async (t) => {
  const server = await startHttpServer(t, (request) => request.socket.resetAndDestroy())
  const client = createClient(t)
  const failure = failsWith('connection-failed', /it is tried again/)
  await assert.rejects(client.request({ url: server.url }), failure)
  assert.equal(server.requests.length, 1)
})

test('leaving a short body keeps the connection, leaving a long one ends it', async (t) => {
  const server = await startHttpServer(t, (request, response) => {
    if (request.url === '/short') response.end('x'.repeat(1000))
    else if (request.url === '/none') response.writeHead(204).end()
    else {
      const more = () => {
        while (response.write('x'.repeat(65536)));
        response.once('drain', more)
      }
      more()
    }
  })
  const client = createClient(t)
  for (let count = 0; count < 3; count++) {
    const unread = await client.request({ url: `${server.url}/short` })
    await unread.body[Symbol.asyncIterator]().return?.()
    const read = await client.request({ url: `${server.url}/short` })
    for await (const _ of read.body) break
    assert.equal(await textOf(await client.request({ url: `${server.url}/none` })), '')
  }
  assert.equal(server.connections, 1)

  const long = await client.request({ url: `${server.url}/long` })
  const closed = closeOf(server.requests.at(-1)!.socket)
  for await (const _ of long.body) break
  await closed
  await textOf(await client.request({ url: `${server.url}/short` }))
  assert.ok(server.connections > 1)
})

test('an abort ends the request at once, with the reason of the signal', async (t) => {
  const server = await startHttpServer(t, (request, response) => {
    if (request.url === '/body') response.write('a start')
  })
  const client = createClient(t)

  const reason = new SyncError('sync-timeout', 'own words')
  const pending = client.request({ url: server.url, signal: AbortSignal.abort(reason) })
  await assert.rejects(pending, (error) => error === reason)

  for (const [cause, code] of [
    [undefined, 'aborted'],
    [new SyncError('sync-timeout', 'late'), 'sync-timeout'],
  ] as const) {
    const controller = new AbortController()
    const request = client.request({ url: server.url, signal: controller.signal })
    await once(server.server, 'request')
    controller.abort(cause)
    await assert.rejects(request, failsWith(code, /./))
  }

  const controller = new AbortController()
  const response = await client.request({ url: `${server.url}/body`, signal: controller.signal })
  const closed = closeOf(server.requests.at(-1)!.socket)
  const text = textOf(response)
  controller.abort(reason)
  await assert.rejects(text, (error) => error === reason)
  await closed
})

test('closing ends what is under way', async (t) => {
  const server = await startHttpServer(t, () => {})
  const client = createClient(t)
  const request = client.request({ url: server.url })
  await once(server.server, 'request')
  await Promise.all([assert.rejects(request, failsWith('aborted', /stopped/)), client.close()])
})
