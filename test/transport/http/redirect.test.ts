import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { SyncError } from '../../../src/base/errors.js'
import { namedIn } from '../../../src/base/file-name.js'
import { followRedirect } from '../../../src/transport/http/redirect.js'
import { createHttpClient } from '../../../src/transport/http/undici-client.js'
import { atEnd } from '../../helpers/at-end.js'
import { createCa } from '../../helpers/certificates.js'
import { type TestScope, tempDir } from '../../helpers/git.js'
import { startHttpServer } from '../../helpers/http-server.js'
import { startHttpsServer } from '../../helpers/https-server.js'

const SECRETS = { authorization: 'Bearer secret', cookie: 'secret=1', 'x-gateway-key': 'secret' }

function createClient(t: TestScope) {
  const client = createHttpClient({ idleTimeoutMs: 60_000 })
  atEnd(t, () => client.close())
  return client
}

const refuses = (words: RegExp) => (error: unknown) => {
  assert.ok(error instanceof SyncError, String(error))
  assert.equal(error.code, 'redirect-refused')
  assert.match(error.message, words)
  assert.doesNotMatch(error.message, /secret/)
  return true
}

for (const status of [301, 302, 303, 307, 308]) {
  test(`a GET follows ${status} within its origin, with its credentials`, async (t) => {
    const server = await startHttpServer(t, (request, response) => {
      if (request.url === '/new/info/refs') response.end('here')
      else response.writeHead(status, { location: '../../new/info/refs' }).end('moved')
    })
    const response = await createClient(t).request({
      url: `${server.url}/old/info/refs`,
      headers: { 'git-protocol': 'version=2', ...SECRETS },
    })
    assert.equal(response.statusCode, 200)
    assert.equal(response.url, `${server.url}/new/info/refs`)
    await response.body[Symbol.asyncIterator]().return?.()
    const { headers } = server.requests[1]!
    assert.equal(headers.authorization, SECRETS.authorization)
    assert.equal(headers.cookie, SECRETS.cookie)
    assert.equal(headers['x-gateway-key'], 'secret')
    assert.equal(server.connections, 1)
  })
}

test('no credential follows to another origin, nor comes back from there', async (t) => {
  const first = await startHttpServer(t, (request, response) => {
    if (request.url === '/back') response.end('home')
    else response.writeHead(302, { location: `${other.url}/away` }).end()
  })
  const other = await startHttpServer(t, (_, response) => {
    response.writeHead(302, { location: `${first.url.replace('//', '//user:pw@')}/back` }).end()
  })
  const headers = { 'git-protocol': 'version=2', 'private-token': 'secret', ...SECRETS }
  const response = await createClient(t).request({ url: `${first.url}/start`, headers })
  assert.equal(response.url, `${first.url}/back`)
  for (const request of [other.requests[0]!, first.requests[1]!]) {
    assert.doesNotMatch(JSON.stringify(request.headers), /secret|authorization/)
    assert.equal(request.headers['git-protocol'], 'version=2')
    assert.match(request.headers['user-agent'] ?? '', /^git\//)
  }
  assert.equal(first.requests[0]?.headers['private-token'], 'secret')
})

test('a POST never follows', async (t) => {
  const server = await startHttpServer(t, (_, response) => {
    response.writeHead(307, { location: '/elsewhere?token=secret' }).end()
  })
  const request = { url: `${server.url}/git-upload-pack`, method: 'POST' as const }
  await assert.rejects(
    createClient(t).request({ ...request, headers: SECRETS, body: [Buffer.from('0000')] }),
    refuses(/redirects a POST to http:\/\/127\.0\.0\.1:\d+\/elsewhere, .*use the new address/),
  )
  assert.equal(server.requests.length, 1)
})

test('a loop of redirects ends after five', async (t) => {
  const server = await startHttpServer(t, (_, response) => {
    response.writeHead(302, { location: '/' }).end()
  })
  const request = createClient(t).request({ url: server.url })
  await assert.rejects(request, refuses(/more than 5 times/))
  assert.equal(server.requests.length, 6)
})

test('a redirect that names no address is a response', async (t) => {
  const server = await startHttpServer(t, (_, response) => response.writeHead(302).end())
  const response = await createClient(t).request({ url: server.url })
  assert.equal(response.statusCode, 302)
})

test('from https to http, or to another scheme, is refused', () => {
  const hop = { url: new URL('https://git.example/repo'), method: 'GET', headers: SECRETS }
  const follow = (location: string) => () =>
    followRedirect(hop, { statusCode: 302, location, count: 1 }, undefined)
  assert.throws(follow('http://git.example/repo?key=secret'), refuses(/from https to http:/))
  assert.throws(follow('file:///etc/passwd'), refuses(/to a file: address/))
  assert.throws(follow('https://[secret'), refuses(/not a URL/))
  assert.equal(follow('//git.example/new')().url.href, 'https://git.example/new')
  assert.deepEqual(follow('https://git.example:8443/')().headers, {})
})

test('a real server that redirects from https to http gets nothing sent in plain text', async (t) => {
  const plain = await startHttpServer(t, (_, response) => response.end('got it'))
  const ca = createCa(tempDir(t), 'ca')
  const { cert, key } = ca.issue('server')
  const tls = { cert: readFileSync(cert), key: readFileSync(key) }
  const secure = await startHttpsServer(t, tls, (_, response) => {
    response.writeHead(301, { location: `${plain.url}/repo` }).end()
  })
  const client = createHttpClient({ idleTimeoutMs: 60_000, caFile: namedIn('/', ca.cert) })
  atEnd(t, () => client.close())
  await assert.rejects(
    client.request({ url: `${secure.url}/repo`, headers: SECRETS }),
    refuses(/redirects from https to http:\/\/127\.0\.0\.1:\d+\/repo, .*use an https address/),
  )
  assert.equal(plain.requests.length, 0)
})

test('of a request that allows it, any method is followed, with what may go along', () => {
  const allowed = { limit: 10, along: ['x-commit'] }
  const headers = { ...SECRETS, 'x-commit': 'oid' }
  const location = 'https://other.example/'
  for (const [statusCode, method, expected] of [
    [301, 'POST', 'GET'],
    [302, 'PUT', 'GET'],
    [303, 'POST', 'GET'],
    [302, 'HEAD', 'HEAD'],
    [307, 'POST', 'POST'],
    [308, 'PUT', 'PUT'],
  ] as const) {
    const hop = { url: new URL('https://git.example/'), method, headers }
    const next = followRedirect(hop, { statusCode, location, count: 10 }, allowed)
    assert.deepEqual([next.method, next.headers], [expected, { 'x-commit': 'oid' }])
    const once = () => followRedirect(hop, { statusCode, location, count: 11 }, allowed)
    assert.throws(once, refuses(/more than 10 times/))
  }
})
