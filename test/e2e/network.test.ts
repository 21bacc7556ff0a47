// The service over a real nginx: passwords and certificates that are rotated, client
// certificates, proxies, and what it refuses.
import assert from 'node:assert/strict'
import { copyFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { createCa } from '../helpers/certificates.js'
import { startForwardProxy } from '../helpers/forward-proxy.js'
import { assertSameTree, createRepo, type TestScope, tempDir } from '../helpers/git.js'
import { startGitServer } from '../helpers/git-http-server.js'
import { type NginxOptions, startNginx } from '../helpers/nginx.js'
import { type Service, startService, until, writeListing } from '../helpers/service.js'

/** A repository behind nginx, and what a service that follows it is given. */
async function serve(t: TestScope, dir: string, options: Omit<NginxOptions, 'root'>) {
  const root = path.join(dir, 'repos')
  const repo = createRepo(path.join(root, 'app.git'), { bare: true })
  const first = repo.commit('first', { file: '1', 'folder/other': 'o' })
  const nginx = await startNginx(t, { root, ...options })
  const listingPath = path.join(dir, 'listing.json')
  const credentialsPath = path.join(dir, 'credentials.json')
  const follow = (url: string) =>
    writeListing(listingPath, [{ path: 'out', repo: `${url}/app.git` }])
  follow(nginx.url)
  return {
    repo,
    nginx,
    first,
    follow,
    giveCredentials: (credential: object) =>
      writeFileSync(credentialsPath, JSON.stringify([{ url: nginx.url, ...credential }])),
    start: (settings: Record<string, string> = {}) =>
      startService(t, {
        listingPath,
        settings: { CREDENTIALS_PATH: credentialsPath, ...settings },
      }),
    assertPublished: (oid: string) => assertSameTree(path.join(dir, 'out'), repo.dir, oid),
  }
}

/** No secret may be anywhere that people look. */
async function assertKeeps(service: Service, ...secrets: string[]): Promise<void> {
  const status = JSON.stringify(await service.status())
  const { body } = await service.get('/metrics')
  const shown = JSON.stringify(service.logs) + status + body
  for (const secret of secrets) {
    assert.ok(!shown.includes(secret), `shows ${secret}`)
    assert.ok(!shown.includes(Buffer.from(secret).toString('base64').replace(/=+$/, '')))
  }
}

test('a password that is rotated on both sides is taken up without a restart', async (t) => {
  const dir = tempDir(t)
  const served = await serve(t, dir, { auth: 'reader:first-secret' })
  const passwordFile = path.join(dir, 'password')
  writeFileSync(passwordFile, 'first-secret\n')
  served.giveCredentials({ username: 'reader', passwordFile })
  const service = await served.start()
  await service.untilPublished('out', served.first)

  served.nginx.setAuth('reader:second-secret')
  const message = await service.untilFailed('out', 'authentication-required')
  assert.match(
    message,
    /app\.git refuses the credentials it was sent \(401 Unauthorized\); check the credential for /,
  )
  const second = served.repo.commit('second', { file: '2' })
  writeFileSync(passwordFile, 'second-secret\n')
  await service.untilPublished('out', second)
  served.assertPublished(second)
  assert.match(served.nginx.readLog().at(-1) ?? '', /^200 POST .* reader$/)
  await assertKeeps(service, 'first-secret', 'second-secret', 'reader:second-secret')
})

test('TLS with a CA of one own, and a certificate that is renewed', async (t) => {
  const dir = tempDir(t)
  const ca = createCa(dir, 'ca')
  const served = await serve(t, dir, { tls: ca.issue('server') })
  served.giveCredentials({ token: 'no-matter' })
  const caFile = path.join(dir, 'trusted.pem')
  copyFileSync(createCa(dir, 'other').cert, caFile)
  const service = await served.start({ CA_FILE: caFile })
  const message = await service.untilFailed('out', 'tls-failed')
  assert.match(
    message,
    /CA that issued the certificate of 127\.0\.0\.1:\d+ is not known here.*CA_FILE/,
  )
  copyFileSync(ca.cert, caFile)
  await service.untilPublished('out', served.first)
  served.assertPublished(served.first)
})

test("Node's own variable for a CA works, and beside CA_FILE as well", async (t) => {
  const dir = tempDir(t)
  const ca = createCa(dir, 'ca')
  const served = await serve(t, dir, { tls: ca.issue('server') })
  served.giveCredentials({ token: 'no-matter' })
  const extra = { NODE_EXTRA_CA_CERTS: ca.cert }
  for (const settings of [extra, { ...extra, CA_FILE: createCa(dir, 'other').cert }]) {
    const service = await served.start(settings)
    await service.untilPublished('out', served.first)
    await service.stop()
  }
})

test('nginx that requires a client certificate', async (t) => {
  const dir = tempDir(t)
  const ca = createCa(dir, 'ca')
  const served = await serve(t, dir, { tls: { ...ca.issue('server'), clientCa: ca.cert } })
  served.giveCredentials({ token: 'no-matter' })
  const service = await served.start({ CA_FILE: ca.cert })
  const wants = /app\.git wants a client certificate, or another one \(400 Bad Request\); name it/
  assert.match(await service.untilFailed('out', 'authentication-required'), wants)

  const stranger = createCa(dir, 'strangers').issue('client')
  served.giveCredentials({
    clientCertFile: path.basename(stranger.cert),
    clientKeyFile: stranger.key,
  })
  const log = () => served.nginx.readLog().length
  const before = log()
  await until(() => log() > before + 1, 'the certificate of a stranger is shown')
  assert.match(await service.untilFailed('out', 'authentication-required'), wants)

  // In place of the stranger's, first the certificate and then the key.
  const friend = ca.issue('friend')
  copyFileSync(friend.cert, stranger.cert)
  copyFileSync(friend.key, stranger.key)
  await service.untilPublished('out', served.first)
  const second = served.repo.commit('second', { file: '2' })
  await service.untilPublished('out', second)
  served.assertPublished(second)
})

test('an https remote behind a proxy that wants credentials', async (t) => {
  const dir = tempDir(t)
  const ca = createCa(dir, 'ca')
  const served = await serve(t, dir, {
    auth: 'reader:git-secret',
    tls: ca.issue('server', { names: ['DNS:git.example'] }),
  })
  const proxy = await startForwardProxy(t, {
    auth: 'us@er:proxy-secret',
    resolve: (authority) => (authority === 'git.example:443' ? served.nginx.port : undefined),
  })
  served.follow('https://git.example')
  served.giveCredentials({ url: 'https://git.example', username: 'reader', password: 'git-secret' })
  const settings = {
    CA_FILE: ca.cert,
    HTTPS_PROXY: proxy.url.replace('//', '//us%40er:proxy-secret@'),
  }
  const service = await served.start(settings)
  await service.untilPublished('out', served.first)
  assert.deepEqual(new Set(proxy.asked), new Set(['CONNECT git.example:443']))
  await assertKeeps(service, 'proxy-secret', 'git-secret', 'us@er:proxy-secret', 'us%40er')
  await service.stop()

  // What is in the environment of everybody is read just as well, and wrong ones are named.
  const bad = proxy.url.replace('//', '//us%40er:wrong-secret@')
  const refused = await served.start({ CA_FILE: settings.CA_FILE, https_proxy: bad })
  const message = await refused.untilFailed('out', 'proxy-refused')
  assert.match(message, /^The proxy http:\/\/127\.0\.0\.1:\d+ wants credentials.*\(407 Proxy/)
  await assertKeeps(refused, 'wrong-secret', 'us@er:wrong-secret')
})

test('credentials in plain text: a warning, or a refusal that waits for a change', async (t) => {
  const dir = tempDir(t)
  const repo = createRepo(path.join(dir, 'repos/app'))
  const first = repo.commit('first', { file: '1' })
  const server = await startGitServer(t, { root: path.join(dir, 'repos'), auth: 'reader:secret' })
  const port = Number(new URL(server.url).port)
  const proxy = await startForwardProxy(t, { resolve: () => port })
  const listingPath = path.join(dir, 'listing.json')
  const entry = { path: 'out', repo: 'http://reader:secret@git.example/app' }
  writeListing(listingPath, [entry])
  const settings = { HTTP_PROXY: proxy.url, NO_PROXY: '127.0.0.1' }
  const warned = await startService(t, { listingPath, settings })
  await warned.untilPublished('out', first)
  await until(
    async () =>
      ((await warned.metric('git_autosync_polls_total{entry="out",result="unchanged"}')) ?? 0) > 1,
    'polls',
  )
  const warnings = warned.logs.filter(({ message }) => message.includes('in plain text'))
  assert.deepEqual(
    warnings.map(({ level, host }) => [level, host]),
    [['warn', 'git.example']],
  )
  await warned.stop()

  const asked = proxy.asked.length
  const strict = { ...settings, REQUIRE_TLS_FOR_CREDENTIALS: 'true' }
  const service = await startService(t, { listingPath, settings: strict })
  const message = await service.untilFailed('out', 'tls-required')
  assert.match(message, /^Credentials for git\.example would be sent in plain text/)
  // It is looked at again, as a file with credentials may have changed; nothing goes out.
  assert.notEqual((await service.entry('out')).nextPoll, null)
  assert.equal(proxy.asked.length, asked)
  // This machine needs no TLS, and no proxy.
  writeListing(listingPath, [{ ...entry, repo: `http://reader:secret@127.0.0.1:${port}/app` }])
  const second = repo.commit('second', { file: '2' })
  await service.untilPublished('out', second)
  assert.equal(proxy.asked.length, asked)
})
