import assert from 'node:assert/strict'
import { generateKeyPairSync, verify } from 'node:crypto'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { SyncError } from '../../../src/base/errors.js'
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

const MINUTE_MS = 60_000
const REPO = 'https://git.example/team/repo.git'
const newKey = () => generateKeyPairSync('rsa', { modulusLength: 2048 })

/** An API that hands out one token after another, and credentials that ask it. */
async function setUp(t: TestScope, fields: object = { appId: 12345 }) {
  const folder = tempDir(t)
  const clock = new FakeClock(Date.UTC(2024, 0, 1))
  const api = { status: 201, body: undefined as string | undefined, headers: {} }
  const server = await startHttpServer(t, (_request, response) => {
    const expires = new Date(clock.wallTime() + 60 * MINUTE_MS).toISOString()
    const token = { token: `minted-${server.requests.length}`, expires_at: expires }
    response.writeHead(api.status, api.headers).end(api.body ?? JSON.stringify(token))
  })
  const { publicKey, privateKey } = newKey()
  const keyFile = path.join(folder, 'app.pem')
  const writeKey = (key = privateKey) =>
    writeFileSync(keyFile, key.export({ type: 'pkcs1', format: 'pem' }))
  writeKey()
  const file = path.join(folder, 'credentials.json')
  const githubApp = {
    installationId: 42,
    privateKeyFile: 'app.pem',
    apiUrl: `${server.url}/api/v3/`,
  }
  const credential = { url: 'https://git.example', githubApp: { ...githubApp, ...fields } }
  writeFileSync(file, JSON.stringify([credential]))
  const client = createHttpClient({ idleTimeoutMs: 60_000 })
  atEnd(t, () => client.close())
  const credentials = createCredentials({ path: namedIn('/', file), client, clock })
  const ask = async (rejected?: Record<string, string>, repo = REPO) => {
    const fault = await credentials.fileFault()
    if (fault) throw fault
    return (await credentials.authorize(parseRemoteUrl(repo, '/'), undefined, { rejected })).headers
  }
  return { ask, api, clock, file, keyFile, publicKey, requests: server.requests, writeKey }
}

const minted = (number: number) => ({
  authorization: `Basic ${Buffer.from(`x-access-token:minted-${number}`).toString('base64')}`,
})

test('a signed token buys an installation token', async (t) => {
  for (const fields of [{ appId: 12345 }, { clientId: 'Iv1.abc' }]) {
    const { ask, clock, publicKey, requests } = await setUp(t, fields)
    assert.deepEqual(await ask(), minted(1))
    const [request] = requests
    assert.equal(request?.method, 'POST')
    assert.equal(request?.url, '/api/v3/app/installations/42/access_tokens')
    assert.equal(request?.headers.accept, 'application/vnd.github+json')
    const [scheme, jwt = ''] = request?.headers.authorization?.split(' ') ?? []
    assert.equal(scheme, 'Bearer')
    const [header = '', claims = '', signature = ''] = jwt.split('.')
    const decode = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString())
    assert.deepEqual(decode(header), { alg: 'RS256', typ: 'JWT' })
    const now = clock.wallTime() / 1000
    const { iat, exp, iss } = decode(claims)
    assert.equal(iat, now - 60)
    assert.ok(exp > now && exp <= now + 600)
    assert.equal(iss, Object.values(fields).join())
    const signed = Buffer.from(`${header}.${claims}`)
    assert.ok(verify('sha256', signed, publicKey, Buffer.from(signature, 'base64url')))
  }
})

test('it is kept for all repositories, until shortly before it expires', async (t) => {
  const { ask, clock, requests } = await setUp(t)
  const all = await Promise.all([ask(), ask(), ask(undefined, 'https://git.example/other')])
  assert.deepEqual(all, [minted(1), minted(1), minted(1)])
  await clock.advance(55 * MINUTE_MS - 1)
  assert.deepEqual(await ask(), minted(1))
  await clock.advance(1)
  assert.deepEqual(await ask(), minted(2))
  assert.equal(requests.length, 2)
})

test('one that was rejected is replaced; the key is read again', async (t) => {
  const { ask, keyFile, requests, writeKey } = await setUp(t)
  const rejected = await ask()
  rmSync(keyFile)
  assert.deepEqual(await ask(), minted(1))
  await assert.rejects(ask(rejected), isInvalid(/its privateKeyFile \S+app\.pem cannot be read/))
  writeKey(newKey().privateKey)
  assert.deepEqual(await ask(rejected), minted(2))
  assert.deepEqual(await ask(rejected), minted(2))
  assert.equal(requests.length, 2)
})

test('what the API refuses is told without what it says', async (t) => {
  const { ask, api } = await setUp(t)
  const name = /^The GitHub API at http:\/\/127\.0\.0\.1:\d+:? /
  for (const [status, body, code] of [
    [401, 's3cret', 'credentials-invalid'],
    [404, 's3cret', 'credentials-invalid'],
    [429, 's3cret', 'rate-limited'],
    [503, 's3cret', 'server-error'],
    [201, '{"token": "", "s3cret": 1}', 'credentials-invalid'],
    [201, 's3cret', 'credentials-invalid'],
    [201, 's3cret'.repeat(20_000), 'credentials-invalid'],
  ] as const) {
    Object.assign(api, { status, body })
    await assert.rejects(ask(), (error) => {
      assert.doesNotMatch(String(error), /s3cret/)
      return failsWith(code, name)(error)
    })
  }
  Object.assign(api, { status: 201, body: '{"token": "t0ken"}' })
  assert.match((await ask())['authorization'] ?? '', /^Basic /)
})

test('a status is told with what to do about it', async (t) => {
  const { ask, api } = await setUp(t)
  for (const [status, words] of [
    [401, /answers with status 401: check appId or clientId, privateKeyFile, and the clock/],
    [403, /answers with status 403: check that the app is not suspended/],
    [404, /answers with status 404: check installationId/],
    [422, /answers with status 422, instead of with credentials: check/],
  ] as const) {
    Object.assign(api, { status })
    await assert.rejects(ask(), isInvalid(words))
  }
})

test('a rate limit is waited for as long as the API asks', async (t) => {
  const { ask, api, clock } = await setUp(t)
  const reset = String(clock.wallTime() / 1000 + 60)
  for (const [headers, retryAfterMs] of [
    [{ 'x-ratelimit-remaining': '0', 'retry-after': '7' }, 7000],
    [{ 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': reset }, 60_000],
  ] as const) {
    Object.assign(api, { status: 403, headers })
    await assert.rejects(ask(), (error) => {
      assert.ok(error instanceof SyncError)
      assert.equal(error.retryAfterMs, retryAfterMs)
      return failsWith('rate-limited', /answers with status 403: it asks for fewer requests/)(error)
    })
  }
})

test('a key is taken however a secret store hands it out', async (t) => {
  const { ask, keyFile } = await setUp(t)
  const pem = readFileSync(keyFile, 'utf8')
  const base64 = Buffer.from(pem).toString('base64')
  const forms = [
    pem.replaceAll('\n', '\\n'),
    `# the app's key\n${pem}`,
    Buffer.from(base64).toString('base64'),
  ]
  let rejected: Record<string, string> | undefined
  for (const [index, form] of forms.entries()) {
    writeFileSync(keyFile, form)
    rejected = await ask(rejected)
    assert.deepEqual(rejected, minted(index + 1))
  }
})

test('a key that is none is an error that names the file', async (t) => {
  const { ask, keyFile } = await setUp(t)
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const words = /its privateKeyFile \S+app\.pem is not an RSA private key in PEM format/
  for (const pem of ['s3cret', privateKey.export({ type: 'sec1', format: 'pem' })]) {
    writeFileSync(keyFile, pem)
    await assert.rejects(ask(), isInvalid(words))
  }
})

test('an app lacks or has too much', async (t) => {
  const { ask, file } = await setUp(t)
  const app = { appId: 1, installationId: 2, privateKeyFile: 'x' }
  for (const [fields, words] of [
    [{ appId: undefined }, /needs an appId or a clientId, and not both/],
    [{ clientId: 'x' }, /needs an appId or a clientId, and not both/],
    [{ installationId: undefined }, /\/0\/githubApp must have required property 'installationId'/],
    [
      { privateKey: 's3cret' },
      /\/0\/githubApp has a field \(its name is not shown\) that is not a known field/,
    ],
    [{ apiUrl: 'https://u:s3cret@api.example' }, /whose apiUrl is not a plain URL/],
    [{ apiUrl: 'api.example' }, /whose apiUrl is not a plain URL/],
  ] as const) {
    writeFileSync(file, JSON.stringify([{ name: 'app', githubApp: { ...app, ...fields } }]))
    await assert.rejects(ask(), isInvalid(words))
  }
})
