// More connections than there may be: who goes, and who stays.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import net, { type AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { limitConnections } from '../../src/server/connection-limit.js'
import { atEnd } from '../helpers/at-end.js'

const LIMIT = 3
const REQUEST = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'

/** A server whose answers `answer` makes, and a way to connect to it. */
async function limitedServer(t: TestContext, answer: http.RequestListener) {
  const server = http.createServer(answer)
  limitConnections(server, LIMIT)
  atEnd(t, () => {
    server.closeAllConnections()
    server.close()
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  const connect = async () => {
    const accepted = once(server, 'connection')
    const socket = net.connect(port, '127.0.0.1').on('error', () => undefined)
    atEnd(t, () => socket.destroy())
    await accepted
    return socket
  }
  return { server, connect }
}

const closed = (socket: net.Socket) => {
  socket.resume()
  return socket.closed ? Promise.resolve() : once(socket, 'close')
}

/** Sends a request, and resolves with the start of the answer. */
async function ask(socket: net.Socket): Promise<string> {
  socket.write(REQUEST)
  const [chunk] = await once(socket, 'data')
  return String(chunk)
}

test('the connection that is idle longest makes way, be it silent or half a request', async (t) => {
  const { connect } = await limitedServer(t, (_request, response) => response.end('ok'))
  const silent = await connect()
  const half = await connect()
  half.write('GET / HTTP/1.1\r\nX-A: ')
  const kept = await connect()
  assert.match(await ask(kept), /^HTTP\/1.1 200/)
  const fourth = await connect()
  await closed(silent)
  const fifth = await connect()
  await closed(half)
  // What was answered meanwhile is younger than what was idle since before.
  for (const socket of [kept, fourth, fifth]) assert.match(await ask(socket), /^HTTP\/1.1 200/)
})

test('where every connection waits for its answer, the new one is closed', async (t) => {
  const waiting: http.ServerResponse[] = []
  const { server, connect } = await limitedServer(t, (_request, response) => waiting.push(response))
  const sockets: net.Socket[] = []
  for (let count = 0; count < LIMIT; count++) {
    const asked = once(server, 'request')
    const socket = await connect()
    socket.write(REQUEST)
    await asked
    sockets.push(socket)
  }
  await closed(await connect())
  const answers = sockets.map((socket) => once(socket, 'data'))
  for (const response of waiting) response.end('ok')
  for (const [chunk] of await Promise.all(answers)) assert.match(String(chunk), /^HTTP\/1.1 200/)
})

test('a connection that was closed leaves its place', async (t) => {
  const { connect } = await limitedServer(t, (_request, response) => response.end('ok'))
  for (let count = 0; count < 4 * LIMIT; count++) {
    const socket = await connect()
    assert.match(await ask(socket), /^HTTP\/1.1 200/)
    socket.end()
    await closed(socket)
  }
})
