// No secret leaves the program, wherever a user may put one and however a remote fails:
// not in a log line, a metric, /status, a file, or what is said on the terminal.
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { describe, test } from 'node:test'
import { atEnd } from '../helpers/at-end.js'
import { ANSWERS, startEchoServer } from '../helpers/echo-server.js'
import { createRepo, type TestScope, tempDir } from '../helpers/git.js'
import { startGitServer } from '../helpers/git-http-server.js'
import { startHttpServer } from '../helpers/http-server.js'
import { findLeaks, secretOf } from '../helpers/leaks.js'
import { IS_WHOLE } from '../helpers/seed.js'
import { runProgram, startService, until, writeListing } from '../helpers/service.js'

const USER = 'me'
const login = (name: string) => `${USER}:${encodeURIComponent(secretOf(name))}`

/** Every place for a secret that is sent to a remote. */
const SENT = [
  'url',
  'password',
  'passwordFile',
  'token',
  'tokenFile',
  'headers',
  'headerFiles',
  'cookieFile',
  'askpass',
  'githubApp',
  'azure',
  'google',
  'environment',
  'netrc',
  'store',
] as const

/** Secrets that no remote is sent. */
const KEPT = [
  'askpassUrl',
  'askpassUser',
  'federated',
  'dead',
  'nowhere',
  'plain',
  'proxy',
  'passphrase',
  'sshKey',
  'sshUrl',
  'unsendable',
  'published',
  'crash',
]

interface Site {
  folder: string
  listingPath: string
  settings: Record<string, string>
  secrets: string[]
  /** Of all entries but `published`. */
  failing: number
  /** What the remotes were sent, decoded. */
  received: () => string
}

/** Entries that send each of `kinds` to remotes of all answers. */
async function setUp(t: TestScope, kinds: readonly string[] = SENT): Promise<Site> {
  const folder = tempDir(t)
  const at = (name: string) => path.join(folder, name)
  const write = (name: string, text: string) => writeFileSync(at(name), text)
  const secret = secretOf
  const echo = await startEchoServer(t)
  const { port } = new URL(echo.url)

  const askpass = await startHttpServer(t, (_request, response) => {
    response.end(`username=${USER}\npassword=${secret('askpass')}\n`)
  })
  const api = await startHttpServer(t, (_request, response) => {
    response.writeHead(201).end(JSON.stringify({ token: secret('githubApp') }))
  })
  const cloud = await startHttpServer(t, ({ method }, response) => {
    const access_token = secret(method === 'POST' ? 'azure' : 'google')
    response.end(JSON.stringify({ access_token, expires_in: 3600 }))
  })
  const proxyPort = await startRefusingProxy(t)
  mkdirSync(at('repos'))
  createRepo(at('repos/r')).commit('first', { file: '1' })
  const auth = `${USER}:${secret('published')}`
  const git = await startGitServer(t, { root: at('repos'), auth })

  for (const name of ['passwordFile', 'tokenFile', 'headerFiles']) write(name, `${secret(name)}\n`)
  write('unsendable', `${secret('unsendable')}\nmore`)
  write('cookies', `127.0.0.1\tFALSE\t/cookieFile\tFALSE\t0\to\t${secret('cookieFile')}\n`)
  write('.netrc', `machine 127.0.0.1 login ${USER} password ${secret('netrc')}\n`)
  write('.git-credentials', `http://you:${encodeURIComponent(secret('store'))}@127.0.0.1:${port}\n`)
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  write('app.pem', pem)
  write('federated', secret('federated'))
  write('ssh.pem', `-----BEGIN OPENSSH PRIVATE KEY-----\n${secret('sshKey')}\n`)
  const askpassUrl = (url: string) =>
    `${url.replace('://', `://${login('askpassUser')}@`)}?key=${encodeURIComponent(secret('askpassUrl'))}`
  const githubApp = { appId: 1, installationId: 2, privateKeyFile: 'app.pem' }
  const inFolder = (name: string, fields: object) => ({ url: `${echo.url}/${name}`, ...fields })
  write(
    'credentials.json',
    JSON.stringify([
      inFolder('password', { username: USER, password: secret('password') }),
      inFolder('passwordFile', { username: USER, passwordFile: 'passwordFile' }),
      inFolder('token', { token: secret('token') }),
      inFolder('tokenFile', { tokenFile: 'tokenFile' }),
      inFolder('headers', { headers: { 'X-Key': secret('headers') } }),
      inFolder('headerFiles', { headerFiles: { 'X-Key': 'headerFiles' } }),
      inFolder('cookieFile', { cookieFile: 'cookies' }),
      inFolder('askpass', { askpassUrl: askpassUrl(askpass.url) }),
      inFolder('githubApp', { githubApp: { ...githubApp, apiUrl: api.url } }),
      inFolder('azure', {
        azure: { tenantId: 't', clientId: 'c', tokenFile: 'federated', authorityHost: cloud.url },
      }),
      inFolder('google', { google: {} }),
      inFolder('unsendable', { tokenFile: 'unsendable' }),
      inFolder('lost', { tokenFile: 'none' }),
      inFolder('no-askpass', { askpassUrl: askpassUrl(`${echo.url}/x/forbidden-1/`) }),
      inFolder('no-app', { githubApp: { ...githubApp, apiUrl: `${echo.url}/x/forbidden-0` } }),
      { url: 'ssh://127.0.0.1:1', sshKeyFile: 'ssh.pem', sshPassphrase: secret('passphrase') },
    ]),
  )

  const answers = Object.keys(ANSWERS).flatMap((answer, index) => {
    const isWhole = answer === 'unauthorized' || answer === 'refusal'
    return (isWhole ? [0, 1, 2, 3] : [index % 4]).map((form) => `${answer}-${form}`)
  })
  const baseOf = (kind: string) => {
    if (kind === 'url') return `http://${login('url')}@127.0.0.1:${port}/url`
    return kind === 'store' ? `http://you@127.0.0.1:${port}/store` : `${echo.url}/${kind}`
  }
  const repos = [
    ...kinds.flatMap((kind, at) =>
      answers
        // In a sweep each kind gets each answer; else each a third of the others.
        .filter((_, index) => IS_WHOLE || index % 3 === at % 3)
        .map((answer) => `${baseOf(kind)}/${answer}`),
    ),
    ...['unsendable', 'lost', 'no-askpass', 'no-app'].map((kind) => `${echo.url}/${kind}/r`),
    `http://${login('nowhere')}@nonexistent.invalid/r`,
    `http://${login('dead')}@127.0.0.1:1/r`,
    `https://${login('plain')}@127.0.0.1:${port}/r`,
    `https://${login('plain')}@proxied.invalid/r`,
    'ssh://git@127.0.0.1:1/r',
    `ssh://${login('sshUrl')}@127.0.0.1:1/r`,
  ]
  const listingPath = at('listing.json')
  const entries = repos.map((repo, index) => ({ path: `out/${index}`, repo, required: false }))
  const published = git.url.replace('://', `://${login('published')}@`)
  writeListing(listingPath, [{ path: 'out/published', repo: `${published}/r` }, ...entries])

  return {
    folder,
    listingPath,
    settings: {
      HOME: folder,
      CREDENTIALS_PATH: at('credentials.json'),
      STATE_DIR: at('state'),
      GIT_CREDENTIAL_URL: `${echo.url}/environment`,
      GCE_METADATA_HOST: new URL(cloud.url).host,
      GIT_USERNAME: USER,
      HTTPS_PROXY: `http://${login('proxy')}@127.0.0.1:${proxyPort}`,
      NO_PROXY: '127.0.0.1',
      MAX_CONCURRENT_POLLS: '100',
    },
    secrets: [...SENT, ...KEPT].map(secret).concat(pem.split('\n').slice(2, 4)),
    failing: entries.length,
    received: () =>
      echo.requests
        .flatMap(({ headers }) => [headers.authorization, headers.cookie, headers['x-key']])
        .map((value) => `${value} ${Buffer.from(`${value}`.slice(6), 'base64')}`)
        .join(),
  }
}

/** A proxy that refuses, and says back what it was sent. */
async function startRefusingProxy(t: TestScope): Promise<number> {
  const server = http.createServer().on('connect', (request, socket) => {
    const sent = request.headers['proxy-authorization'] ?? ''
    const words = `${sent} ${Buffer.from(sent.slice(6), 'base64')}`
    socket.end(`HTTP/1.1 407 ${encodeURIComponent(words)}\r\nX-Echo: ${sent}\r\n\r\n${words}`)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  atEnd(t, () => server.close())
  return (server.address() as AddressInfo).port
}

function assertNoLeak(text: string, secrets: readonly string[]): void {
  assert.deepEqual(findLeaks(text, secrets, USER), [])
}

/** The names and the contents of all files below a folder. */
function contentsOf(folder: string): string {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
  return entries
    .map((entry) => {
      const file = path.join(entry.parentPath, entry.name)
      return entry.isFile() ? `${file}\n${readFileSync(file, 'utf8')}` : file
    })
    .join('\n')
}

test('the service shows no secret, whatever fails and whatever is echoed', async (t) => {
  const site = await setUp(t)
  const { folder, listingPath, secrets, failing } = site
  const words = `fault at https://${login('crash')}@host/ with ${secretOf('token')}`
  const crash = `process.on('SIGUSR2', () => { throw new Error(${JSON.stringify(words)}) })`
  const service = await startService(t, {
    listingPath,
    settings: { ...site.settings, GIT_PASSWORD: secretOf('environment') },
    execArgv: ['--import', `data:text/javascript,${encodeURIComponent(crash)}`],
  })
  const isSettled = async () => {
    const { entries } = await service.status()
    const failed = entries.filter(({ error }) => error).length
    return failed === failing && entries.some(({ oid }) => oid)
  }
  await until(isSettled, async () => {
    const { entries } = await service.status()
    const odd = entries.filter(({ path, error }) => !error === (path !== 'out/published'))
    return `every entry but one fails: ${JSON.stringify(odd)}`
  })
  const received = site.received()
  for (const name of SENT) assert.ok(received.includes(secretOf(name)), `${name} was sent`)

  const routes = ['/status', '/metrics', '/readyz', '/healthz', '/startupz']
  const answers = await Promise.all(routes.map((route) => service.get(route)))
  for (const { body } of answers) assertNoLeak(body, secrets)
  assert.match(answers[0]?.body ?? '', /it said: [^"]*\[redacted\]/)
  service.signal('SIGUSR2')
  const end = () => service.process.exitCode ?? service.process.signalCode
  await until(() => end() !== null, 'the service ends')
  assert.equal(end(), 1)
  await until(
    () => service.logs.some(({ message }) => /fault in this program/.test(message)),
    'it says why it ends',
  )
  assertNoLeak(service.logs.map((line) => JSON.stringify(line)).join('\n'), secrets)
  for (const written of ['state', 'out'])
    assertNoLeak(contentsOf(path.join(folder, written)), secrets)
})

test('a one-time run shows no secret on the terminal', async (t) => {
  // The lines are those of the log, in another format.
  const kinds = IS_WHOLE ? SENT : SENT.filter((_, index) => index % 3 === 0)
  const { listingPath, settings, secrets, folder } = await setUp(t, kinds)
  writeFileSync(path.join(folder, 'env-password'), secretOf('environment'))
  const { code, stdout, stderr } = await runProgram([], {
    ...settings,
    LISTING_PATH: listingPath,
    GIT_PASSWORD_FILE: path.join(folder, 'env-password'),
    ONE_TIME: 'true',
    HTTP_HOST: '127.0.0.1',
    HTTP_PORT: '0',
    LOG_LEVEL: 'debug',
    LOG_FORMAT: 'pretty',
  })
  assert.equal(code, 1)
  assert.match(stdout, /it said: .*\[redacted\]/)
  assertNoLeak(stdout + stderr, secrets)
})

describe('what is invalid is told without secrets', () => {
  const name = 'invalid'
  const secret = secretOf(name)
  const url = `https://${login(name)}@host/r`
  const rawUrl = `https://${USER}:${secret}@host/r`

  test('in a listing', async (t) => {
    const folder = tempDir(t)
    const listing = path.join(folder, 'listing.json')
    const good = { path: 'a', repo: 'https://host/r' }
    const broken = [
      { ...good, repo: `${url}?token=${secret}` },
      { ...good, repo: rawUrl },
      { ...good, repo: `ssh://${login(name)}@host/` },
      { ...good, repo: { url, password: secret } },
      { ...good, repo: ['https://host', secret] },
      { ...good, password: secret },
      { ...good, [url]: secret },
      { ...good, credential: { token: secret } },
      { ...good, branch: url },
      { ...good, branch: `${rawUrl} x` },
      { ...good, interval: url },
      { ...good, publish: url },
      { ...good, commit: secret },
      { ...good, required: url },
      ...[
        ` ${rawUrl}`,
        `git clone ${rawUrl}`,
        rawUrl.replace(':', ''),
        rawUrl.replace(':', ';'),
      ].map((repo) => ({ ...good, repo })),
      { ...good, repo: `file:${rawUrl}` },
      { ...good, repo: rawUrl.slice('https:'.length) },
    ]
    writeListing(
      listing,
      broken.map((entry, index) => ({ ...entry, path: `${index}` })),
    )
    const env = { LISTING_PATH: listing, HTTP_PORT: '0' }
    for (const run of [runProgram(['validate', listing]), runProgram([], env)]) {
      const { code, stdout, stderr } = await run
      assert.equal(code, 2)
      for (const index of broken.keys()) assert.match(stdout + stderr, new RegExp(`/${index}[/:]`))
      assertNoLeak(stdout + stderr, [secret])
    }
  })

  test('in a credentials file', async (t) => {
    const folder = tempDir(t)
    const listing = path.join(folder, 'listing.json')
    const file = path.join(folder, 'credentials.json')
    writeListing(listing, [{ path: 'a', repo: 'https://host/r' }])
    const good = { url: 'https://host', token: secret }
    for (const text of [
      `[{"url": "https://host", "token": "${secret}"`,
      `[{"url": "https://host", "token": ${secret}}]`,
      `[{"url": "https://host", "token": "${secret}", "token": "${secret}"}]`,
      secret,
      JSON.stringify([
        { ...good, [url]: secret },
        { ...good, token: [secret] },
        { ...good, githubApp: { privateKey: secret } },
      ]),
      JSON.stringify([
        { ...good, password: secret },
        { ...good, url },
        { ...good, headers: { 'X-Key': `${secret}\n` } },
        { ...good, askpassUrl: `ftp://${secret}` },
      ]),
      JSON.stringify([{ ...good, token: `${secret}\nmore` }]),
      JSON.stringify([{ ...good, token: undefined, tokenFile: secret }]),
      JSON.stringify([{ ...good, token: undefined, tokenFile: secret.replace('/', '') }]),
      JSON.stringify([{ ...good, token: undefined, tokenFile: `${secret}\n` }]),
      JSON.stringify([{ url: 'ssh://host', sshKeyFile: `-----BEGIN KEY-----\n${secret}` }]),
    ]) {
      writeFileSync(file, text)
      const run = await runProgram(['validate', listing], { CREDENTIALS_PATH: file })
      assert.equal(run.code, 2, text)
      assert.match(run.stderr, /credentials\.json/)
      assertNoLeak(run.stdout + run.stderr, [secret])
    }
  })

  test('in settings', async () => {
    for (const env of [
      { LISTING_PATH: 'x', HTTP_PROXY: `ftp://${login(name)}@host` },
      { LISTING_PATH: 'x', HTTPS_PROXY: `${rawUrl}/path` },
      { LISTING_PATH: 'x', LOG_LEVEL: url },
      { LISTING_PATH: 'x', SCRAPE_INTERVAL: url },
      { LISTING_PATH: rawUrl },
      { LISTING_PATH: `[{"path": "x", "repo": "${rawUrl}"}]` },
      { LISTING_PATH: 'x', CREDENTIALS_PATH: url },
      { LISTING_PATH: 'x', CREDENTIALS_PATH: `[{"sshPassphrase": "${secret}"}]` },
      { LISTING_PATH: 'x', CA_FILE: `-----BEGIN CERTIFICATE-----\n${secret}` },
      { LISTING_PATH: 'x', STATE_DIR: rawUrl },
    ]) {
      const { code, stdout, stderr } = await runProgram([], env)
      assert.equal(code, 2)
      assertNoLeak(stdout + stderr, [secret])
    }
    const { code, stderr } = await runProgram(['validate', rawUrl], {})
    assert.equal(code, 2)
    assert.match(stderr, /must be a path on this machine, not an address/)
    assertNoLeak(stderr, [secret])
  })
})
