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

/** A metadata server that renews its token where it has less than four minutes left. */
async function setUp(t: TestScope, google: object = {}) {
  const clock = new FakeClock(Date.UTC(2024, 0, 1))
  const metadata = { status: 200, body: undefined as string | undefined }
  let token = { number: 0, expiresAt: 0 }
  const server = await startHttpServer(t, (_request, response) => {
    const now = clock.wallTime()
    if (token.expiresAt - now < 240_000) {
      token = { number: token.number + 1, expiresAt: now + 3600_000 }
    }
    const access = {
      access_token: `ya29.${token.number}`,
      expires_in: (token.expiresAt - now) / 1000,
      token_type: 'Bearer',
    }
    response.writeHead(metadata.status).end(metadata.body ?? JSON.stringify(access))
  })
  const file = path.join(tempDir(t), 'credentials.json')
  writeFileSync(file, JSON.stringify([{ url: 'https://source.developers.google.com', google }]))
  const client = createHttpClient({ idleTimeoutMs: 60_000 })
  atEnd(t, () => client.close())
  const env = { GCE_METADATA_HOST: new URL(server.url).host }
  const credentials = createCredentials({ path: namedIn('/', file), client, clock, env })
  const remote = parseRemoteUrl('https://source.developers.google.com/p/x/r/y', '/')
  const ask = async (rejected?: Record<string, string>) =>
    (await credentials.authorize(remote, undefined, { rejected })).headers
  return { ask, clock, metadata, requests: server.requests, server }
}

const given = (number: number) => ({
  authorization: `Basic ${Buffer.from(`git:ya29.${number}`).toString('base64')}`,
})

test('the metadata server gives a token of the service account', async (t) => {
  for (const [google, name] of [
    [{}, 'default'],
    [{ account: 'sync@project.iam.gserviceaccount.com' }, 'sync%40project.iam.gserviceaccount.com'],
  ] as const) {
    const { ask, requests } = await setUp(t, google)
    assert.deepEqual(await ask(), given(1))
    assert.equal(requests[0]?.url, `/computeMetadata/v1/instance/service-accounts/${name}/token`)
    assert.equal(requests[0]?.headers['metadata-flavor'], 'Google')
  }
})

test('it is kept for as long as the server gives the same', async (t) => {
  const { ask, clock, requests } = await setUp(t)
  assert.deepEqual(await Promise.all([ask(), ask()]), [given(1), given(1)])
  await clock.advance(3600_000 - 225_000 - 1)
  assert.deepEqual(await ask(), given(1))
  await clock.advance(1)
  assert.deepEqual(await ask(), given(2))
  assert.equal(requests.length, 2)
  assert.deepEqual(await ask(given(2)), given(2))
  assert.equal(requests.length, 3)
})

test('what it refuses is told with what to do', async (t) => {
  const { ask, metadata, server } = await setUp(t)
  const name = /^The metadata server at http:\/\/127\.0\.0\.1:\d+:? /
  for (const [status, body, code, words] of [
    [403, '', 'credentials-invalid', /may use that service account/],
    [404, '', 'credentials-invalid', /status 404: check the account, and that this pod/],
    [500, '', 'server-error', /status 500/],
    [200, '<html>s3cret', 'credentials-invalid', /has no token/],
  ] as const) {
    Object.assign(metadata, { status, body })
    await assert.rejects(ask(), (error) => {
      assert.match(String(error), words)
      return failsWith(code, name)(error)
    })
  }
  server.server.close()
  server.server.closeAllConnections()
  await assert.rejects(ask(), failsWith('connection-refused', /cannot be asked: 127\.0\.0\.1/))
})
