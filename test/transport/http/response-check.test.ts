import assert from 'node:assert/strict'
import type { OutgoingHttpHeaders } from 'node:http'
import path from 'node:path'
import { test } from 'node:test'
import { type ErrorCode, SyncError } from '../../../src/base/errors.js'
import type { Authorization } from '../../../src/credentials/authorization.js'
import { createResponseCheck } from '../../../src/transport/http/response-check.js'
import { createHttpClient } from '../../../src/transport/http/undici-client.js'
import { atEnd } from '../../helpers/at-end.js'
import { createRepo, git, type TestScope, tempDir } from '../../helpers/git.js'
import { startGitServer } from '../../helpers/git-http-server.js'
import { startHttpServer } from '../../helpers/http-server.js'

const ADVERTISEMENT = 'application/x-git-upload-pack-advertisement'
const NOW = Date.parse('2024-05-01T12:00:00Z')
const SUFFIX = '/info/refs?service=git-upload-pack'
const check = createResponseCheck(() => NOW)

interface Row {
  status: number
  headers?: OutgoingHttpHeaders
  body?: string
  code: ErrorCode
  words: RegExp
  retryAfterMs?: number
}

const html = { 'content-type': 'text/html; charset=utf-8' }
const plain = { 'content-type': 'text/plain' }

const ROWS: Row[] = [
  {
    status: 401,
    code: 'authentication-required',
    words: /wants credentials.*\(401 Unauthorized\)/,
  },
  { status: 203, headers: html, code: 'authentication-required', words: /credentials/ },
  { status: 407, code: 'authentication-required', words: /407/ },
  {
    status: 403,
    body: 'Not on the list\nmore',
    headers: plain,
    code: 'access-denied',
    words: /denies access .*it said: Not on the list$/,
  },
  {
    status: 403,
    headers: { 'retry-after': '90' },
    code: 'rate-limited',
    words: /fewer requests/,
    retryAfterMs: 90_000,
  },
  {
    status: 403,
    headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(NOW / 1000 + 60) },
    code: 'rate-limited',
    words: /403/,
    retryAfterMs: 60_000,
  },
  { status: 403, headers: { 'x-ratelimit-remaining': '12' }, code: 'access-denied', words: /403/ },
  { status: 429, code: 'rate-limited', words: /429/ },
  {
    status: 429,
    headers: { 'retry-after': 'Wed, 01 May 2024 12:00:30 GMT' },
    code: 'rate-limited',
    words: /429/,
    retryAfterMs: 30_000,
  },
  {
    status: 429,
    headers: { 'ratelimit-reset': '45' },
    code: 'rate-limited',
    words: /429/,
    retryAfterMs: 45_000,
  },
  {
    status: 404,
    headers: html,
    body: '<h1>Nope</h1>',
    code: 'repository-not-found',
    words:
      /no repository at http:\/\/127\.0\.0\.1:\d+\/repo\.git \(404 Not Found\), or it is private.*read it; Azure DevOps and CodeCommit know it only without \.git at the end$/,
  },
  { status: 410, code: 'repository-not-found', words: /410/ },
  {
    status: 400,
    headers: plain,
    body: 'bad thing',
    code: 'remote-error',
    words: /it said: bad thing/,
  },
  { status: 500, code: 'server-error', words: /500/ },
  {
    status: 503,
    headers: { 'retry-after': '7' },
    code: 'server-error',
    words: /503/,
    retryAfterMs: 7000,
  },
  { status: 302, code: 'redirect-refused', words: /without saying where/ },
  { status: 200, headers: html, body: '<html>', code: 'not-a-git-server', words: /web page/ },
  { status: 200, headers: plain, code: 'not-a-git-server', words: /dumb HTTP/ },
  {
    status: 200,
    headers: { 'content-type': 'application/octet-stream' },
    body: `${'0a'.repeat(20)}\trefs/heads/main\n`,
    code: 'not-a-git-server',
    words: /dumb HTTP/,
  },
  {
    status: 200,
    headers: { 'content-type': 'application/octet-stream' },
    body: 'something else',
    code: 'not-a-git-server',
    words: /answers with application\/octet-stream/,
  },
  { status: 200, code: 'not-a-git-server', words: /no content type/ },
  {
    status: 200,
    headers: { 'content-type': ADVERTISEMENT, 'content-encoding': 'zap' },
    code: 'not-a-git-server',
    words: /encoding zap, which was not asked for/,
  },
]

async function request(t: TestScope, url: string) {
  const client = createHttpClient({ idleTimeoutMs: 60_000 })
  atEnd(t, () => client.close())
  return client.request({ url: url + SUFFIX })
}

for (const { status, headers, body, code, words, retryAfterMs } of ROWS) {
  test(`${status} with ${JSON.stringify(headers ?? {})} is ${code}`, async (t) => {
    const server = await startHttpServer(t, (_, response) => {
      response.writeHead(status, headers).end(body)
    })
    const response = await request(t, `${server.url}/repo.git`)
    await assert.rejects(check(response, 'advertisement'), (error) => {
      assert.ok(error instanceof SyncError)
      assert.equal(error.code, code)
      assert.match(error.message, words)
      assert.equal(error.retryAfterMs, retryAfterMs)
      return true
    })
  })
}

/** What a request to `url` carried. */
const sentTo = (url: string, fields: Partial<Authorization> = {}): Authorization => ({
  headers: { authorization: 'Basic dXNlcjpzM2NyZXQ=' },
  origin: new URL(url).origin,
  source: 'the netrc file /n',
  whyNone: undefined,
  ...fields,
})

test('who asks for credentials is told with where they are from, or why there are none', async (t) => {
  const headers: OutgoingHttpHeaders = {}
  const server = await startHttpServer(t, (_, response) => response.writeHead(401, headers).end())
  const bearer = { headers: { authorization: 'Bearer s3cret' } }
  const basic = 'Basic realm="a, b"'
  for (const [fields, challenge, words] of [
    [{}, basic, /refuses the credentials it was sent \(401 .*\); check the netrc file \/n$/],
    [bearer, 'Bearer, Basic', /refuses the credentials it was sent .*; check the netrc file \/n$/],
    [
      bearer,
      basic,
      /refuses the token .* check the netrc file \/n, and give the token as password$/,
    ],
    [
      { headers: {}, source: undefined },
      basic,
      /wants credentials \(401 .*\); no credentials are given for it in CREDENTIALS_PATH, the GIT_… variables, the netrc file, or GIT_CREDENTIALS_FILE$/,
    ],
    [
      { headers: {}, source: undefined, whyNone: 'because' },
      basic,
      /wants credentials \(401 .*\); no credentials are given for it: because$/,
    ],
    [
      { origin: 'https://git.example' },
      basic,
      /wants credentials \(.*\), and none go along with a redirect from https:\/\/git\.example;/,
    ],
  ] as const) {
    headers['www-authenticate'] = challenge
    const check = createResponseCheck(
      () => NOW,
      () => sentTo(server.url, fields),
    )
    await assert.rejects(check(await request(t, server.url), 'advertisement'), words)
  }
})

test('who denies access is told with where the credentials are from', async (t) => {
  const server = await startHttpServer(t, (_, response) => response.writeHead(403).end())
  const check = createResponseCheck(
    () => NOW,
    () => sentTo(server.url),
  )
  const words = /denies access .*; check the netrc file \/n$/
  await assert.rejects(check(await request(t, server.url), 'advertisement'), words)
})

test('the words of a server are left out where a secret is too short to be found in them', async (t) => {
  const server = await startHttpServer(t, (_, response) => {
    response.writeHead(401, plain).end('password s3cr! is wrong')
  })
  const authorization = `Basic ${Buffer.from('user:s3cr!').toString('base64')}`
  const check = createResponseCheck(
    () => NOW,
    () => sentTo(server.url, { headers: { authorization } }),
  )
  await assert.rejects(check(await request(t, server.url), 'advertisement'), (error) => {
    assert.doesNotMatch(String(error), /s3cr!|it said/)
    return true
  })
})

test('a user name that is shown anyway, or a short switch, leaves the words of a server', async (t) => {
  const server = await startHttpServer(t, (_, response) => {
    response.writeHead(401, plain).end('try again')
  })
  const authorization = `Basic ${Buffer.from('127:').toString('base64')}`
  const check = createResponseCheck(
    () => NOW,
    () => sentTo(server.url, { headers: { authorization, 'x-api': '1' } }),
  )
  await assert.rejects(check(await request(t, server.url), 'advertisement'), /it said: try again/)
})

test('an endless error page is not read to its end', async (t) => {
  const server = await startHttpServer(t, (_, response) => {
    response.writeHead(500, plain)
    const more = () => {
      while (response.write('x'.repeat(65536)));
      response.once('drain', more)
    }
    more()
  })
  await assert.rejects(check(await request(t, server.url), 'advertisement'), /it said: x{200}$/)
})

test('a page that breaks off still has its status', async (t) => {
  const server = await startHttpServer(t, (_, response) => {
    response.writeHead(401, plain).write('start')
    setImmediate(() => response.destroy())
  })
  await assert.rejects(check(await request(t, server.url), 'advertisement'), /wants credentials/)
})

test('a real git server passes, a real dumb one is named', async (t) => {
  const root = tempDir(t)
  const repo = createRepo(path.join(root, 'repo.git'), { bare: true })
  repo.commit('first')
  const server = await startGitServer(t, { root })
  const response = await request(t, `${server.url}/repo.git`)
  await check(response, 'advertisement')
  for await (const chunk of response.body) assert.ok(chunk.length > 0)

  git(repo.dir, 'config', 'http.uploadpack', 'false')
  git(repo.dir, 'update-server-info')
  const denied = check(await request(t, `${server.url}/repo.git`), 'advertisement')
  await assert.rejects(
    denied,
    (error) => error instanceof SyncError && error.code === 'access-denied',
  )
})
