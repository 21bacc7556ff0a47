// Connections that are opened ahead of requests: who is given them, and when they end.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import http, { type Server } from 'node:http'
import net, { type AddressInfo } from 'node:net'
import { test } from 'node:test'
import { SpareConnections } from '../../../src/transport/http/spare-connections.js'
import { createHttpClient } from '../../../src/transport/http/undici-client.js'
import { atEnd } from '../../helpers/at-end.js'
import type { TestScope } from '../../helpers/git.js'

async function startServer(t: TestScope) {
  const sockets: net.Socket[] = []
  const server: Server = http.createServer((_request, response) => response.end('answer'))
  server.on('connection', (socket) => sockets.push(socket))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  atEnd(t, () => {
    server.close()
    server.closeAllConnections()
  })
  const { port } = server.address() as AddressInfo
  return { server, sockets, port, url: `http://127.0.0.1:${port}` }
}

function createClient(t: TestScope) {
  const client = createHttpClient({ idleTimeoutMs: 60_000 })
  atEnd(t, () => client.close())
  return client
}

async function ask(client: ReturnType<typeof createClient>, url: string): Promise<void> {
  const { body, statusCode } = await client.request({ url })
  for await (const _ of body);
  assert.equal(statusCode, 200)
}

test('two are opened ahead, and the requests that follow take them', async (t) => {
  const { server, sockets, url } = await startServer(t)
  const client = createClient(t)
  for (let count = 0; count < 3; count++) await client.preconnect(`${url}/repo`, undefined)
  while (sockets.length < 2) await once(server, 'connection')
  await Promise.all([ask(client, url), ask(client, url)])
  assert.equal(sockets.length, 2)
})

test('only what is lacking is, where some are open already', async (t) => {
  const { server, sockets, url } = await startServer(t)
  const client = createClient(t)
  await ask(client, url)
  await client.preconnect(url, undefined)
  while (sockets.length < 2) await once(server, 'connection')
  await Promise.all([ask(client, url), ask(client, url)])
  await client.preconnect(url, undefined)
  await Promise.all([ask(client, url), ask(client, url)])
  assert.equal(sockets.length, 2)
})

test('one that the server has closed meanwhile costs nothing but a new one', async (t) => {
  const { server, sockets, url } = await startServer(t)
  const client = createClient(t)
  await client.preconnect(url, undefined)
  while (sockets.length < 2) await once(server, 'connection')
  for (const socket of sockets.splice(0)) socket.destroy()
  await ask(client, url)
})

test('those that nobody wants are closed, and all are with the client', async (t) => {
  const { server, sockets, port, url } = await startServer(t)
  const open = ({ port: to }: { port?: string | null }, callback: (...made: never[]) => void) => {
    const socket = net.connect(Number(to), '127.0.0.1')
    socket.once('connect', () =>
      (callback as (error: null, socket: net.Socket) => void)(null, socket),
    )
  }
  const spares = new SpareConnections(open as never, 1)
  spares.open(new URL(url), 1)
  const [first] = (await once(server, 'connection')) as [net.Socket]
  await once(first.resume(), 'close')
  assert.equal(spares.has(`http://127.0.0.1:${port}`), false)
  const client = createClient(t)
  await client.preconnect(url, undefined)
  while (sockets.length < 3) await once(server, 'connection')
  const closed = sockets.slice(1).map((socket) => once(socket.resume(), 'close'))
  await client.close()
  await Promise.all(closed)
})

test('where none can be opened, the request says why', async (t) => {
  const { server, url } = await startServer(t)
  const client = createClient(t)
  await new Promise((resolve) => server.close(resolve))
  await client.preconnect(url, undefined)
  await assert.rejects(ask(client, url), /refuses connections/)
})

test('one that cannot be opened is forgotten, so that the next request tries anew', async () => {
  const spare = new SpareConnections((_target, callback) => callback(new Error('down'), null))
  const url = new URL('http://127.0.0.1:1/')
  spare.open(url, 2)
  await new Promise(setImmediate)
  assert.equal(spare.has(url.origin), false)
})
