import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import net, { type AddressInfo } from 'node:net'
import { test } from 'node:test'
import { type NamedFile, namedIn } from '../../../src/base/file-name.js'
import type { HttpResponse } from '../../../src/transport/http/http-client.js'
import { createProxyChoice, parseProxy, readProxy } from '../../../src/transport/http/proxy.js'
import { createHttpClient } from '../../../src/transport/http/undici-client.js'
import type { ObservedRequest } from '../../../src/transport/transport.js'
import { atEnd } from '../../helpers/at-end.js'
import { createCa } from '../../helpers/certificates.js'
import { failsWith } from '../../helpers/fails-with.js'
import { startForwardProxy } from '../../helpers/forward-proxy.js'
import { type TestScope, tempDir } from '../../helpers/git.js'
import { startHttpServer } from '../../helpers/http-server.js'
import { startHttpsServer } from '../../helpers/https-server.js'

interface ClientOptions {
  proxy: string
  caFile?: NamedFile
  noProxy?: string[]
  observe?: (request: ObservedRequest) => void
  connectTimeoutMs?: number
}

function createClient(t: TestScope, { proxy, noProxy, ...options }: ClientOptions) {
  const parsed = parseProxy(proxy)
  const proxyFor = createProxyChoice({ httpProxy: parsed, httpsProxy: parsed, noProxy })
  const client = createHttpClient({ idleTimeoutMs: 60_000, proxyFor, ...options })
  atEnd(t, () => client.close())
  return client
}

async function textOf(response: HttpResponse): Promise<string> {
  const chunks: Uint8Array[] = []
  for await (const chunk of response.body) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

/** A CA, and an HTTPS server whose name only the proxy knows. */
async function startSecure(t: TestScope) {
  const ca = createCa(tempDir(t), 'ca')
  const { cert, key } = ca.issue('server', { names: ['DNS:git.example'] })
  const tls = { cert: readFileSync(cert), key: readFileSync(key) }
  return { ca, server: await startHttpsServer(t, tls) }
}

const withUser = (url: string, user: string) => url.replace('//', `//${user}@`)

test('an https remote is reached through one kept tunnel', async (t) => {
  const { ca, server } = await startSecure(t)
  const proxy = await startForwardProxy(t, { auth: 'us@er:s:cret', resolve: () => server.port })
  const observed: ObservedRequest[] = []
  const client = createClient(t, {
    proxy: withUser(proxy.url, 'us%40er:s%3Acret'),
    caFile: namedIn('/', ca.cert),
    observe: (request) => observed.push(request),
  })
  for (const authorization of ['Bearer one', 'Bearer two']) {
    const request = { url: 'https://git.example/repo', headers: { authorization } }
    assert.equal(await textOf(await client.request(request)), 'fine')
  }
  assert.deepEqual(proxy.asked, ['CONNECT git.example:443'])
  assert.equal(server.connections, 1)
  assert.equal(server.requests[1]?.url, '/repo')
  assert.equal(server.requests[1]?.headers.authorization, 'Bearer two')
  assert.equal(server.requests[1]?.headers['proxy-authorization'], undefined)
  assert.equal(proxy.headers[0]?.authorization, undefined)
  assert.deepEqual(observed[0], { host: 'git.example', service: '', code: '200' })
})

test('an http remote is asked for by its whole URL, and follows redirects', async (t) => {
  const server = await startHttpServer(t, (request, response) => {
    if (request.url === '/old?a=b') response.writeHead(302, { location: '/new' }).end()
    else response.end(request.headers.host)
  })
  const port = Number(new URL(server.url).port)
  const proxy = await startForwardProxy(t, { auth: 'user:secret', resolve: () => port })
  const client = createClient(t, { proxy: withUser(proxy.url, 'user:secret') })
  const response = await client.request({ url: 'http://git.example:8080/old?a=b' })
  assert.equal(response.url, 'http://git.example:8080/new')
  assert.equal(await textOf(response), 'git.example:8080')
  assert.deepEqual(proxy.asked, [
    'GET http://git.example:8080/old?a=b',
    'GET http://git.example:8080/new',
  ])
  assert.equal(server.requests[0]?.headers['proxy-authorization'], undefined)
})

test('a proxy can be spoken to over TLS, for both kinds of remotes', async (t) => {
  const { ca, server } = await startSecure(t)
  const plain = await startHttpServer(t, (_, response) => response.end('plain'))
  const own = ca.issue('proxy')
  const tls = { cert: readFileSync(own.cert), key: readFileSync(own.key) }
  const resolve = (authority: string) =>
    authority.endsWith(':443') ? server.port : Number(new URL(plain.url).port)
  const proxy = await startForwardProxy(t, { auth: 'u:p', tls, resolve })
  const client = createClient(t, {
    proxy: withUser(proxy.url, 'u:p'),
    caFile: namedIn('/', ca.cert),
  })
  assert.equal(await textOf(await client.request({ url: 'https://git.example/' })), 'fine')
  assert.equal(await textOf(await client.request({ url: 'http://git.example/' })), 'plain')
  assert.deepEqual(proxy.asked, ['CONNECT git.example:443', 'GET http://git.example/'])

  const strict = createClient(t, { proxy: proxy.url })
  await assert.rejects(
    strict.request({ url: 'https://git.example/' }),
    failsWith('proxy-failed', /^The proxy https:\/\/127\.0\.0\.1:\d+ .*CA_FILE/),
  )
})

test('what NO_PROXY names is reached directly, also after a redirect', async (t) => {
  const server = await startHttpServer(t, (_, response) => response.end('direct'))
  const port = Number(new URL(server.url).port)
  const away = await startHttpServer(t, (_, response) => {
    response.writeHead(302, { location: `${server.url}/` }).end()
  })
  const proxy = await startForwardProxy(t, { resolve: () => Number(new URL(away.url).port) })
  const client = createClient(t, { proxy: proxy.url, noProxy: [`127.0.0.1:${port}`] })
  assert.equal(await textOf(await client.request({ url: server.url })), 'direct')
  assert.equal(await textOf(await client.request({ url: 'http://git.example/' })), 'direct')
  assert.deepEqual(proxy.asked, ['GET http://git.example/'])
})

test('a proxy that wants credentials says so once, without them', async (t) => {
  const proxy = await startForwardProxy(t, { auth: 'user:right' })
  const client = createClient(t, { proxy: withUser(proxy.url, 'user:s3cret') })
  for (const url of ['https://git.example/', 'http://git.example/']) {
    await assert.rejects(client.request({ url }), (error) => {
      failsWith('proxy-refused', /wants credentials, or other ones \(407 Proxy .*\); write/)(error)
      assert.doesNotMatch(JSON.stringify(error) + String(error), /s3cret|Basic/)
      return true
    })
  }
  assert.equal(proxy.asked.length, 2)
})

test('what a proxy cannot or will not do is told apart from the remote', async (t) => {
  const proxy = await startForwardProxy(t, { resolve: () => undefined })
  const codes: string[] = []
  const client = createClient(t, { proxy: proxy.url, observe: ({ code }) => codes.push(code) })
  await assert.rejects(
    client.request({ url: 'https://git.example/' }),
    failsWith('proxy-failed', /cannot reach git\.example:443 \(502 Bad Gateway\); .*NO_PROXY/),
  )
  proxy.refusal = 403
  await assert.rejects(
    client.request({ url: 'https://[::1]:8443/' }),
    failsWith('proxy-refused', /refuses to connect to \[::1\]:8443 \(403 Forbidden\)/),
  )
  assert.deepEqual(proxy.asked, ['CONNECT git.example:443', 'CONNECT [::1]:8443'])
  assert.deepEqual(codes, ['proxy-failed', 'proxy-refused'])
})

test('a proxy that is away, silent or no proxy is named', async (t) => {
  const listener = net.createServer((socket) => socket.on('error', () => undefined))
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const url = `http://127.0.0.1:${(listener.address() as AddressInfo).port}`
  const remote = { url: 'https://git.example/' }
  const sockets: net.Socket[] = []
  listener.on('connection', (socket) => sockets.push(socket))
  await assert.rejects(
    createClient(t, { proxy: url, connectTimeoutMs: 1000 }).request(remote),
    failsWith('proxy-failed', /did not connect to git\.example:443 in time/),
  )
  listener.on('connection', (socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n'))
  await assert.rejects(
    createClient(t, { proxy: url }).request(remote),
    failsWith('proxy-failed', /cannot be used: .*does not speak HTTP/),
  )
  for (const socket of sockets) socket.destroy()
  listener.close()
  await once(listener, 'close')
  for (const scheme of ['https', 'http']) {
    await assert.rejects(
      createClient(t, { proxy: url }).request({ url: `${scheme}://git.example/` }),
      failsWith('proxy-failed', /cannot be used: 127\.0\.0\.1:\d+ refuses connections/),
    )
  }
})

test('the certificate of the remote is verified through the tunnel', async (t) => {
  const { ca, server } = await startSecure(t)
  const proxy = await startForwardProxy(t, { resolve: () => server.port })
  const client = createClient(t, { proxy: proxy.url, caFile: namedIn('/', ca.cert) })
  await assert.rejects(
    client.request({ url: 'https://other.example/' }),
    failsWith('tls-failed', /certificate of other\.example is for another name/),
  )
  await assert.rejects(
    createClient(t, { proxy: proxy.url }).request({ url: 'https://git.example/' }),
    failsWith('tls-failed', /CA_FILE/),
  )
  assert.equal(server.requests.length, 0)
})

test('what is no proxy fails requests over TLS, too', async (t) => {
  const httpsProxy = readProxy('socks5://h', 'all_proxy')
  const proxyFor = createProxyChoice({ httpProxy: undefined, httpsProxy, noProxy: undefined })
  const client = createHttpClient({ idleTimeoutMs: 60_000, proxyFor })
  atEnd(t, () => client.close())
  const asked = client.request({ url: 'https://git.example/' })
  await assert.rejects(asked, failsWith('proxy-failed', /git\.example: all_proxy must start with/))
})
