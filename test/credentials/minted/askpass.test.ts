import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { namedIn } from '../../../src/base/file-name.js'
import { createCredentials } from '../../../src/credentials/credentials.js'
import { parseRemoteUrl } from '../../../src/git/remote-url.js'
import { createHttpClient } from '../../../src/transport/http/undici-client.js'
import { atEnd } from '../../helpers/at-end.js'
import { failsWith } from '../../helpers/fails-with.js'
import { FakeClock } from '../../helpers/fake-clock.js'
import { type TestScope, tempDir } from '../../helpers/git.js'
import { startHttpServer } from '../../helpers/http-server.js'
import { isInvalid } from '../../helpers/invalid-credentials.js'

async function setUp(t: TestScope, toUrl = (url: string) => url) {
  const folder = tempDir(t)
  const file = path.join(folder, 'credentials.json')
  const service = { status: 200, body: 'username=me\npassword=one=two\n', headers: {} }
  const server = await startHttpServer(t, (_request, response) => {
    response.writeHead(service.status, service.headers).end(service.body)
  })
  const askpassUrl = toUrl(`${server.url}/ask?key=s3cret`)
  writeFileSync(file, JSON.stringify([{ url: 'https://git.example', askpassUrl }]))
  const client = createHttpClient({ idleTimeoutMs: 60_000 })
  atEnd(t, () => client.close())
  const credentials = createCredentials({ path: namedIn('/', file), client })
  const ask = async (rejected?: Record<string, string>, repo = 'https://git.example/r') =>
    (await credentials.authorize(parseRemoteUrl(repo, '/'), undefined, { rejected })).headers
  return { ask, file, folder, server, service }
}

const basic = (text: string) => ({ authorization: `Basic ${Buffer.from(text).toString('base64')}` })

test('the service is asked once, and again after a 401', async (t) => {
  const { ask, server, service } = await setUp(t)
  const first = await Promise.all([ask(), ask(undefined, 'https://git.example/other')])
  assert.deepEqual(first, [basic('me:one=two'), basic('me:one=two')])
  service.body = 'password=new\r\nusername=you\r\n'
  assert.deepEqual(await ask(), basic('me:one=two'))
  assert.deepEqual(await ask(first[0]), basic('you:new'))
  assert.deepEqual(await ask(first[0]), basic('you:new'))
  const asked = server.requests.map(({ method, url }) => `${method} ${url}`)
  assert.deepEqual(asked, ['GET /ask?key=s3cret', 'GET /ask?key=s3cret'])
})

test('credentials in its own URL are sent to it', async (t) => {
  const { ask, server } = await setUp(t, (url) => url.replace('://', '://u:s%40cret@'))
  await ask()
  assert.equal(server.requests[0]?.headers.authorization, basic('u:s@cret').authorization)
})

test('its URL may be in a file, which is read again', async (t) => {
  const { ask, file, folder, server } = await setUp(t)
  writeFileSync(file, '[{"url": "https://git.example", "askpassUrlFile": "url"}]')
  await assert.rejects(ask(), isInvalid(/its askpassUrlFile .* cannot be read \(ENOENT\)/))
  writeFileSync(path.join(folder, 'url'), 's3cret')
  await assert.rejects(ask(), isInvalid(/an askpassUrl is not a URL of http/))
  writeFileSync(path.join(folder, 'url'), `${server.url}/\n`)
  assert.deepEqual(await ask(), basic('me:one=two'))
})

test('what it refuses is told without its address and its answer', async (t) => {
  const { ask, service, server } = await setUp(t)
  const name = /^The askpass service at http:\/\/127\.0\.0\.1:\d+:? /
  for (const [status, body, code] of [
    [401, 's3cret', 'credentials-invalid'],
    [403, 's3cret', 'credentials-invalid'],
    [500, 's3cret', 'server-error'],
    [200, 'username=s3cret', 'credentials-invalid'],
    [200, '<p>s3cret', 'credentials-invalid'],
  ] as const) {
    Object.assign(service, { status, body })
    await assert.rejects(ask(), (error) => {
      assert.doesNotMatch(String(error), /s3cret/)
      return failsWith(code, name)(error)
    })
  }
  server.server.close()
  server.server.closeAllConnections()
  await assert.rejects(ask(), failsWith('connection-refused', /cannot be asked: 127\.0\.0\.1/))
})

test('a service that is silent is told as such, not as a sync that took too long', async (t) => {
  const { file } = await setUp(t)
  const clock = new FakeClock()
  const client = createHttpClient({ idleTimeoutMs: 60_000 })
  atEnd(t, () => client.close())
  const credentials = createCredentials({ path: namedIn('/', file), client, clock })
  let onRequest = () => {}
  const isAsked = new Promise<void>((resolve) => {
    onRequest = resolve
  })
  const { url } = await startHttpServer(t, () => onRequest())
  writeFileSync(file, JSON.stringify([{ url: 'https://git.example', askpassUrl: url }]))
  const refused = assert.rejects(
    credentials.authorize(parseRemoteUrl('https://git.example/r', '/'), undefined),
    failsWith(
      'idle-timeout',
      /^The askpass service at \S+ .*: it did not answer within 30 s; check/,
    ),
  )
  await isAsked
  await clock.advance(30_000)
  await refused
})

test('a redirect that is not followed is a fault of its address, not of the repo', async (t) => {
  const { ask, service } = await setUp(t)
  Object.assign(service, { status: 302, headers: { location: 'ftp://host/s3cret' } })
  const words =
    /^The askpass service at \S+ redirects in a way that is not followed: check its address$/
  await assert.rejects(ask(), failsWith('redirect-refused', words))
})

test('without a client it is not asked, but its address is checked', async (t) => {
  const { file, server } = await setUp(t)
  const credentials = createCredentials({ path: namedIn('/', file) })
  const remote = parseRemoteUrl('https://git.example/r', '/')
  assert.deepEqual((await credentials.authorize(remote, undefined)).headers, {})
  assert.equal(server.requests.length, 0)
  writeFileSync(file, '[{"url": "https://git.example", "askpassUrlFile": "none"}]')
  await assert.rejects(credentials.authorize(remote, undefined), isInvalid(/askpassUrlFile/))
})
