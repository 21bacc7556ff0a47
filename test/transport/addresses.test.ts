// How a host is found: addresses in brackets, names that resolve late, hosts of several
// addresses.
import assert from 'node:assert/strict'
import dns from 'node:dns'
import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo, LookupFunction } from 'node:net'
import { type TestContext, test } from 'node:test'
import { createHttpClient } from '../../src/transport/http/undici-client.js'
import { atEnd } from '../helpers/at-end.js'
import { failsWith } from '../helpers/fails-with.js'
import { startHttpServer } from '../helpers/http-server.js'

function createGet(t: TestContext) {
  const client = createHttpClient({ idleTimeoutMs: 60_000 })
  atEnd(t, () => client.close())
  return async (url: string) => {
    const response = await client.request({ url })
    await response.body[Symbol.asyncIterator]().return?.()
    return response.statusCode
  }
}

/** Resolves every name to what `answer` gives: addresses, or an error's code. */
function mockLookup(t: TestContext, answer: () => string[] | string) {
  const lookup: LookupFunction = (_, options, callback) => {
    const result = answer()
    if (typeof result === 'string') {
      callback(Object.assign(new Error(`getaddrinfo ${result}`), { code: result }), '')
      return
    }
    const all = result.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
    if (options.all) callback(null, all)
    else callback(null, all[0]?.address ?? '', all[0]?.family)
  }
  t.mock.method(dns, 'lookup', lookup)
}

test('an IPv6 address in brackets is a host', async (t) => {
  const server = http.createServer((request, response) => response.end(request.headers.host))
  server.listen(0, '::1')
  await once(server, 'listening')
  atEnd(t, () => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  assert.equal(await createGet(t)(`http://[::1]:${port}/repo`), 200)
})

test('a name that did not resolve is looked up anew', async (t) => {
  const server = await startHttpServer(t, (_, response) => response.end())
  const { port } = new URL(server.url)
  const answers: (string[] | string)[] = ['EAI_AGAIN', 'ENOTFOUND', ['127.0.0.1']]
  mockLookup(t, () => answers.shift() ?? 'ENOTFOUND')
  const get = createGet(t)
  const url = `http://git.example:${port}/`
  const unknown = failsWith('host-not-found', /^The host git\.example:\d+ is not found/)
  await assert.rejects(get(url), unknown)
  await assert.rejects(get(url), unknown)
  assert.equal(await get(url), 200)
  // The connection is kept: nothing is looked up.
  assert.equal(await get(url), 200)
  server.server.closeAllConnections()
  await assert.rejects(get(url), unknown)
})

test('of several addresses, one that answers is enough', async (t) => {
  const server = await startHttpServer(t, (_, response) => response.end())
  const { port } = new URL(server.url)
  mockLookup(t, () => ['::1', '127.0.0.2', '127.0.0.1'])
  assert.equal(await createGet(t)(`http://git.example:${port}/`), 200)
  server.server.closeAllConnections()
  server.server.close()
  await assert.rejects(
    createGet(t)(`http://git.example:${port}/`),
    failsWith('connection-refused', /^git\.example:\d+ refuses connections/),
  )
})
