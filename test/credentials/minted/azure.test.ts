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

const MINUTE_MS = 60_000
const REPO = 'https://dev.azure.com/org/project/_git/repo'

/** A server that sells one token after another, and credentials that ask it. */
async function setUp(t: TestScope, identity: object = {}, without: readonly string[] = []) {
  const folder = tempDir(t)
  const clock = new FakeClock(Date.UTC(2024, 0, 1))
  const entra = { status: 200, body: undefined as string | undefined }
  const forms: Record<string, string>[] = []
  const server = await startHttpServer(t, async (request, response) => {
    const chunks = await request.toArray()
    forms.push(Object.fromEntries(new URLSearchParams(Buffer.concat(chunks).toString())))
    const token = { token_type: 'Bearer', expires_in: 3599, access_token: `bought-${forms.length}` }
    response.writeHead(entra.status).end(entra.body ?? JSON.stringify(token))
  })
  const tokenFile = path.join(folder, 'azure-identity-token')
  writeFileSync(tokenFile, 'service-account-token')
  const variables = {
    AZURE_TENANT_ID: 'tenant',
    AZURE_CLIENT_ID: 'client',
    AZURE_FEDERATED_TOKEN_FILE: tokenFile,
    AZURE_AUTHORITY_HOST: `${server.url}/`,
  }
  const env = Object.fromEntries(
    Object.entries(variables).filter(([name]) => !without.includes(name)),
  )
  const file = path.join(folder, 'credentials.json')
  const write = (azure: object) =>
    writeFileSync(file, JSON.stringify([{ url: 'https://dev.azure.com', azure }]))
  write(identity)
  const client = createHttpClient({ idleTimeoutMs: 60_000 })
  atEnd(t, () => client.close())
  const credentials = createCredentials({ path: namedIn('/', file), client, clock, env })
  const ask = async (rejected?: Record<string, string>) => {
    const fault = await credentials.fileFault()
    if (fault) throw fault
    return (await credentials.authorize(parseRemoteUrl(REPO, '/'), undefined, { rejected })).headers
  }
  return { ask, clock, entra, env, file, forms, folder, server, tokenFile, write }
}

const bought = (number: number) => ({ authorization: `Bearer bought-${number}` })

test('the token of the service account buys one for Azure DevOps', async (t) => {
  const { ask, forms, server } = await setUp(t)
  assert.deepEqual(await ask(), bought(1))
  const [request] = server.requests
  assert.equal(`${request?.method} ${request?.url}`, 'POST /tenant/oauth2/v2.0/token')
  assert.equal(request?.headers['content-type'], 'application/x-www-form-urlencoded')
  assert.deepEqual(forms, [
    {
      grant_type: 'client_credentials',
      scope: '499b84ac-1321-427f-aa17-267ca6975798/.default',
      client_id: 'client',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: 'service-account-token',
    },
  ])
})

test('what the credential says goes before the variables', async (t) => {
  const { ask, folder, forms, server, write } = await setUp(t)
  writeFileSync(path.join(folder, 'other'), 'other-token\n')
  write({ tenantId: 'a/b', clientId: 'c', tokenFile: 'other', authorityHost: `${server.url}/x` })
  await ask()
  assert.equal(server.requests[0]?.url, '/x/a%2Fb/oauth2/v2.0/token')
  const { client_id, client_assertion } = forms[0] ?? {}
  assert.deepEqual(
    { client_id, client_assertion },
    { client_id: 'c', client_assertion: 'other-token' },
  )
})

test('it is kept until shortly before it expires, and the file is read again', async (t) => {
  const { ask, clock, forms, tokenFile } = await setUp(t)
  assert.deepEqual(await Promise.all([ask(), ask()]), [bought(1), bought(1)])
  writeFileSync(tokenFile, 'rotated')
  await clock.advance(3599_000 - 5 * MINUTE_MS - 1)
  assert.deepEqual(await ask(), bought(1))
  await clock.advance(1)
  assert.deepEqual(await ask(), bought(2))
  assert.deepEqual(await ask(bought(2)), bought(3))
  assert.deepEqual(
    forms.map((form) => form['client_assertion']),
    ['service-account-token', 'rotated', 'rotated'],
  )
})

test('what is refused is told with what to do, and without what the server says', async (t) => {
  const { ask, entra } = await setUp(t)
  const name = /^Microsoft Entra at http:\/\/127\.0\.0\.1:\d+:? /
  for (const [status, body, code, words] of [
    [400, 's3cret', 'credentials-invalid', /status 400: check tenantId and clientId, and that the/],
    [401, 's3cret', 'credentials-invalid', /status 401: check clientId, and that the identity/],
    [404, 's3cret', 'credentials-invalid', /status 404: check tenantId and authorityHost/],
    [429, 's3cret', 'rate-limited', /asked later/],
    [503, 's3cret', 'server-error', /status 503/],
    [200, '{"s3cret": 1}', 'credentials-invalid', /has no token/],
    [200, '{"access_token": "s3cret\\n"}', 'credentials-invalid', /has no token/],
    [200, '<p>s3cret', 'credentials-invalid', /has no token/],
  ] as const) {
    Object.assign(entra, { status, body })
    await assert.rejects(ask(), (error) => {
      assert.doesNotMatch(String(error), /s3cret/)
      assert.match(String(error), words)
      return failsWith(code, name)(error)
    })
  }
})

test('what is missing is named, by its field and by its variable', async (t) => {
  for (const [field, variable] of [
    ['tenantId', 'AZURE_TENANT_ID'],
    ['clientId', 'AZURE_CLIENT_ID'],
    ['tokenFile', 'AZURE_FEDERATED_TOKEN_FILE'],
  ] as const) {
    const { ask } = await setUp(t, {}, [variable])
    const words = new RegExp(
      `its azure lacks ${field}, and ${variable} is not set: give the pod the`,
    )
    await assert.rejects(ask(), isInvalid(words))
  }
  const { ask, env, write } = await setUp(t)
  env['AZURE_FEDERATED_TOKEN_FILE'] = '/none/token'
  await assert.rejects(
    ask(),
    isInvalid(/: AZURE_FEDERATED_TOKEN_FILE \/none\/token cannot be read/),
  )
  for (const authorityHost of ['login.example', 'http://login.example']) {
    write({ authorityHost })
    await assert.rejects(ask(), isInvalid(/authorityHost of its azure is not a URL of https/))
  }
})

test('a field that it does not know, or another way beside it, is a fault', async (t) => {
  const { ask, file, write } = await setUp(t)
  write({ tenant: 'x' })
  await assert.rejects(
    ask(),
    isInvalid(/\/0\/azure\/tenant is not a known field \(did you mean "tenantId"/),
  )
  const two = { url: 'https://dev.azure.com', azure: {}, google: {}, token: 's3cret' }
  writeFileSync(file, JSON.stringify([two]))
  await assert.rejects(ask(), isInvalid(/in more than one way: token, azure, google/))
  writeFileSync(file, JSON.stringify([{ url: 'ssh://dev.azure.com', azure: {} }]))
  await assert.rejects(ask(), isInvalid(/has azure, which a url of ssh:\/\/ has no use for/))
})

test('without a client nobody is asked, but what is missing is named', async (t) => {
  const { env, file, server } = await setUp(t)
  const credentials = createCredentials({ path: namedIn('/', file), env })
  const remote = parseRemoteUrl(REPO, '/')
  assert.deepEqual((await credentials.authorize(remote, undefined)).headers, {})
  env['AZURE_CLIENT_ID'] = ''
  await assert.rejects(credentials.authorize(remote, undefined), isInvalid(/lacks clientId/))
  assert.equal(server.requests.length, 0)
})
