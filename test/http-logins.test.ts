// What a repository is asked with that a redirect leads away from, with real git behind it.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { systemClock } from '../src/base/clock.js'
import { type CredentialsOptions, createCredentials } from '../src/credentials/credentials.js'
import { parseRemoteUrl } from '../src/git/remote-url.js'
import { createHttpLogins } from '../src/http-logins.js'
import { SmartSession } from '../src/remote/smart/smart-session.js'
import type { RemoteLogin } from '../src/sync/remote-login.js'
import { createHttpClient } from '../src/transport/http/undici-client.js'
import { atEnd } from './helpers/at-end.js'
import { failsWith } from './helpers/fails-with.js'
import { createRepo, type TestScope, tempDir } from './helpers/git.js'
import { startGitServer } from './helpers/git-http-server.js'
import { startHttpServer } from './helpers/http-server.js'
import { refsBounds } from './helpers/memory.js'

const { signal } = new AbortController()

/** A repository on a host that asks for a login, which another host redirects to. */
async function serve(t: TestScope) {
  const root = tempDir(t)
  const repo = createRepo(path.join(root, 'app.git'), { bare: true })
  const tip = repo.commit('first', { file: '1' })
  const second = await startGitServer(t, { root, auth: 'reader:second-secret' })
  const first = await startHttpServer(t, (request, response) => {
    response.writeHead(302, { location: `${second.url}${request.url}` }).end()
  })
  return { first, second, tip }
}

function open(t: TestScope, login: RemoteLogin, options: Partial<CredentialsOptions>) {
  const client = createHttpClient({ idleTimeoutMs: 60_000 })
  atEnd(t, () => client.close())
  const credentials = createCredentials({ path: undefined, ...options })
  const logins = createHttpLogins({ client, credentials, clock: systemClock })
  return new SmartSession(logins.transportTo(login), refsBounds())
}

const authorized = ({
  requests,
}: {
  requests: { headers: { authorization?: string | undefined } }[]
}) => requests.map(({ headers: { authorization } }) => authorization)
const basic = (login: string) => `Basic ${Buffer.from(login).toString('base64')}`

test('a host that a redirect leads to is given what names it, once it asks, and the first what is its', async (t) => {
  const { first, second, tip } = await serve(t)
  const session = open(
    t,
    { remote: parseRemoteUrl(`${first.url}/app.git`, '/'), credential: undefined },
    {
      given: () => [
        { url: first.url, username: 'reader', password: 'first-secret' },
        { url: second.url, username: 'reader', password: 'second-secret' },
      ],
    },
  )
  for (const _ of ['first', 'again']) {
    const refs = await session.listRefs(['HEAD'], signal)
    assert.equal(refs[0]?.oid, tip)
  }
  assert.deepEqual([...new Set(authorized(first))], [basic('reader:first-secret')])
  assert.deepEqual(new Set(authorized(second)), new Set([undefined, basic('reader:second-secret')]))
})

test('it is given nothing that does not name it', async (t) => {
  const { first, second } = await serve(t)
  const url = `${first.url.replace('//', '//reader:second-secret@')}/app.git`
  const file = path.join(tempDir(t), 'credentials.json')
  const named = { name: 'mine', username: 'reader', password: 'second-secret' }
  writeFileSync(file, JSON.stringify([named]))
  const cases: [RemoteLogin, Partial<CredentialsOptions>][] = [
    [{ remote: parseRemoteUrl(url, '/'), credential: undefined }, {}],
    [
      { remote: parseRemoteUrl(`${first.url}/app.git`, '/'), credential: 'mine' },
      { path: { written: file, file } },
    ],
    [
      { remote: parseRemoteUrl(`${first.url}/app.git`, '/'), credential: undefined },
      { env: { GIT_USERNAME: 'reader', GIT_PASSWORD: 'second-secret' } },
    ],
  ]
  for (const [login, options] of cases) {
    const session = open(t, login, options)
    await assert.rejects(
      session.listRefs(['HEAD'], signal),
      failsWith(
        'authentication-required',
        /app\.git wants credentials .*what a commit or a redirect names gets only credentials that name its host/,
      ),
    )
  }
  assert.deepEqual([...new Set(authorized(first))], [basic('reader:second-secret')])
  // And asked once, as nothing else could be sent.
  assert.deepEqual(authorized(second), [undefined, undefined, undefined])
})
