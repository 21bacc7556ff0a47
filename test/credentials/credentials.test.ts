import assert from 'node:assert/strict'
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import type { SyncError } from '../../src/base/errors.js'
import { namedIn } from '../../src/base/file-name.js'
import { createCredentials } from '../../src/credentials/credentials.js'
import { parseRemoteUrl } from '../../src/git/remote-url.js'
import { type TestScope, tempDir } from '../helpers/git.js'
import { isInvalid } from '../helpers/invalid-credentials.js'

const basic = (text: string) => ({ authorization: `Basic ${Buffer.from(text).toString('base64')}` })
const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

function setUp(t: TestScope, content: unknown) {
  const folder = tempDir(t)
  const file = path.join(folder, 'credentials.json')
  const write = (value: unknown) =>
    writeFileSync(file, typeof value === 'string' ? value : JSON.stringify(value))
  write(content)
  const told: SyncError[] = []
  const kept: boolean[] = []
  const onFileFault = (fault: SyncError, isKept: boolean) => {
    told.push(fault)
    kept.push(isKept)
  }
  const credentials = createCredentials({ path: namedIn('/', file), onFileFault })
  const sentFor = async (repo: string, name?: string) =>
    (await credentials.authorize(parseRemoteUrl(repo, '/'), name)).headers
  /** Also finds the faults of a file without which an entry may go on. */
  const headersFor = async (repo: string, name?: string) => {
    const fault = await credentials.fileFault()
    if (fault) throw fault
    return sentFor(repo, name)
  }
  return { credentials, folder, file, write, headersFor, sentFor, told, kept }
}

test('the longest prefix on a boundary of path and origin wins', async (t) => {
  const { headersFor } = setUp(t, [
    { url: 'https://git.example', token: 'host' },
    { url: 'https://Git.Example/org/', token: 'org' },
    { url: 'https://git.example/org/repo', token: 'repo' },
    { url: 'https://git.example/org/repo', token: 'second' },
    { url: 'https://git.example:8443', token: 'port' },
    { url: 'http://git.example', token: 'plain' },
    { name: 'only-by-name', token: 'named' },
  ])
  for (const [repo, token] of [
    ['https://git.example/other', 'host'],
    ['https://git.example/org', 'org'],
    ['https://GIT.example/org/another.git', 'org'],
    ['https://git.example/organisation/repo', 'host'],
    ['https://git.example/org/repo', 'repo'],
    ['https://git.example/org/repo.git', 'repo'],
    ['https://git.example/org/repo/sub.git', 'repo'],
    ['https://git.example/org/repository', 'org'],
    ['https://git.example:443/other', 'host'],
    ['https://git.example:8443/org/repo', 'port'],
    ['http://git.example/org/repo', 'plain'],
  ] as const) {
    assert.deepEqual(await headersFor(repo), bearer(token), repo)
  }
  assert.deepEqual(await headersFor('https://git.example.evil/org/repo'), {})
  assert.deepEqual(await headersFor('https://evil/git.example/org'), {})
  assert.deepEqual(await headersFor('git@git.example:org/repo'), {})
  assert.deepEqual(await headersFor('/srv/repo'), {})
})

test('a name asked for goes before the URL, the URL before the prefix', async (t) => {
  const { headersFor } = setUp(t, [
    { url: 'https://git.example', username: 'u', password: 'pä:ss' },
    { name: 'bot', token: 'abc', headers: { 'X-Gateway': 'on' } },
  ])
  const repo = 'https://git.example/repo'
  assert.deepEqual(await headersFor(repo), basic('u:pä:ss'))
  assert.deepEqual(await headersFor('https://me:p%40ss@git.example/repo'), basic('me:p@ss'))
  const named = { ...bearer('abc'), 'x-gateway': 'on' }
  assert.deepEqual(await headersFor('https://me:pw@git.example/repo', 'bot'), named)
  await assert.rejects(
    headersFor(repo, 'none'),
    isInvalid(/no credential there has the name that the entry asks for$/),
  )
})

test('a credential asked for by name goes only to what its url covers', async (t) => {
  const { headersFor } = setUp(t, [
    { name: 'gh', url: 'https://git.example/acme/', token: 's3cret' },
    { name: 'key', url: 'ssh://git.example', sshKeyFile: '/k' },
    { name: 'any', token: 'abc' },
  ])
  assert.deepEqual(await headersFor('https://git.example/acme/r', 'gh'), bearer('s3cret'))
  assert.deepEqual(await headersFor('http://127.0.0.1:1/r', 'any'), bearer('abc'))
  for (const [repo, name] of [
    ['http://git.example/acme/r', 'gh'],
    ['http://127.0.0.1:1/acme/r', 'gh'],
    ['https://git.example/other/r', 'gh'],
    ['https://git.example/acme/r', 'key'],
  ] as const) {
    const words =
      /The credential "(gh|key)" in \S+: it is for \S+, and the repo is not below it: correct one/
    await assert.rejects(headersFor(repo, name), isInvalid(words), repo)
  }
})

test('where a commit names the remote, a name whose url does not cover it is as none', async (t) => {
  const { credentials } = setUp(t, [
    { name: 'own', url: 'https://git.example/own', token: 's3cret' },
    { url: 'https://git.example/other', token: 'other' },
    { name: 'any', token: 'any' },
    { name: 'key', url: 'ssh://git@git.example/own', sshKeyFile: '/own' },
    { url: 'ssh://git@git.example/other', sshKeyFile: '/other' },
  ])
  const attempt = { fallsBack: true }
  const headersFor = async (repo: string, name: string) =>
    (await credentials.authorize(parseRemoteUrl(repo, '/'), name, attempt)).headers
  for (const [repo, name, headers] of [
    ['https://git.example/own/deeper', 'own', bearer('s3cret')],
    ['https://git.example/other', 'own', bearer('other')],
    ['https://git.example/none', 'own', {}],
    ['https://git.example/other', 'any', bearer('any')],
    ['https://u:p@git.example/other', 'own', basic('u:p')],
  ] as const) {
    assert.deepEqual(await headersFor(repo, name), headers, repo)
  }
  await assert.rejects(headersFor('https://git.example/other', 'none'), isInvalid(/no credential/))
  const keysFor = async (repo: string) =>
    (await credentials.sshFor(parseRemoteUrl(repo, '/'), 'key', attempt)).keyFiles
  for (const [repo, key] of [
    ['git@git.example:own', '/own'],
    ['git@git.example:other', '/other'],
  ] as const) {
    assert.deepEqual(await keysFor(repo), [{ written: key, file: key }])
  }
  assert.equal(await keysFor('git@git.example:none'), undefined)
})

test('one newline at the end of a secret in the file is left out', async (t) => {
  const { credentials, headersFor } = setUp(t, [
    { url: 'ssh://c.example', sshPassphrase: 'x\n' },
    { url: 'https://a.example', username: 'u', password: 'pw\n' },
    { url: 'https://b.example', token: 'abc\r\n', headers: { 'X-Key': 'k\n' } },
  ])
  assert.deepEqual(await headersFor('https://a.example/r'), basic('u:pw'))
  assert.deepEqual(await headersFor('https://b.example/r'), { ...bearer('abc'), 'x-key': 'k' })
  const found = await credentials.sshFor(parseRemoteUrl('ssh://c.example/r', '/'), undefined)
  assert.equal(found.secrets.sshPassphrase, 'x')
})

const PEM = '-----BEGIN OPENSSH PRIVATE KEY-----\ns3cret\n-----END OPENSSH PRIVATE KEY-----'

test('a secret in place of the name of its file is a fault, and not shown', async (t) => {
  const { headersFor, write } = setUp(t, [])
  const app = { appId: 1, installationId: 2 }
  for (const [fields, field] of [
    [{ sshKeyFile: PEM }, 'sshKeyFile'],
    [{ sshKeyFiles: ['/k', PEM] }, 'sshKeyFiles'],
    [{ sshPassphraseFile: 's3cret\n' }, 'sshPassphraseFile'],
    [{ knownHostsFile: 'h ssh-ed25519 s3cret\n' }, 'knownHostsFile'],
    [{ clientCertFile: '/c', clientKeyFile: PEM }, 'clientKeyFile'],
    [{ githubApp: { ...app, privateKeyFile: PEM } }, 'privateKeyFile'],
    [{ headerFiles: { 'X-Key': '{"s3cret": 1}' } }, 'headerFiles'],
    [{ askpassUrlFile: 'https://u:s3cret@host/' }, 'askpassUrlFile'],
    [{ cookieFile: 'a\tTRUE\t/\tTRUE\t0\to\ts3cret\n' }, 'cookieFile'],
    [{ passwordFile: '{s3cret' }, 'passwordFile'],
    [{ headerFiles: { 'X-Key': 'a ["s3cret"]' } }, 'headerFiles'],
    [{ tokenFile: 's3cret\n' }, 'tokenFile'],
  ] as const) {
    write([{ name: 'n', ...fields }])
    const words = new RegExp(`/0 has a ${field} that must be a file name, not the secret itself`)
    await assert.rejects(headersFor('https://a.example/r'), isInvalid(words), field)
  }
})

test('where no file has the name of a field, the field is named, and a secret is not', async (t) => {
  const { headersFor, write } = setUp(t, [])
  const app = { appId: 1, installationId: 2 }
  for (const [fields, words] of [
    [{ passwordFile: 's3cret' }, /its passwordFile \(not shown.*\) cannot be read \(ENOENT\)/],
    [{ tokenFile: 's3cret' }, /its tokenFile \(not shown/],
    [{ headerFiles: { 'X-Key': 's3cret' } }, /its headerFiles \(number 1\) \(not shown/],
    [{ askpassUrlFile: 's3cret' }, /its askpassUrlFile \(not shown/],
    [{ cookieFile: 's3cret' }, /its cookieFile \(not shown/],
    [{ githubApp: { ...app, privateKeyFile: 's3cret' } }, /its privateKeyFile \(not shown/],
    [{ tokenFile: 's3cret/none' }, /its tokenFile \(not shown/],
    [{ tokenFile: './secrets/none' }, /its tokenFile \/.*\/secrets\/none cannot be read/],
    [{ tokenFile: 'none.txt' }, /its tokenFile \/.*\/none\.txt cannot be read/],
  ] as const) {
    write([{ url: 'https://a.example', ...fields }])
    await assert.rejects(headersFor('https://a.example/r'), isInvalid(words))
  }
})

test('a secret in place of a name is not shown', async (t) => {
  const { headersFor, write } = setUp(t, [])
  const url = 'https://a.example'
  for (const [text, words] of [
    [{ url, s3cret: 1 }, /\/0 has a field \(its name is not shown\) that is not a known field/],
    [{ url, headers: { s3cret: 1 } }, /\/0\/headers has a field .* that must be string/],
    [{ url, headers: { s3cret: 'a\nb' } }, /\/0 has headers of which number 1 has a line end/],
    [{ url, headers: { 's3cret:': 'a' } }, /\/0 has a header of an impossible name/],
    [`[{"url":"${url}","s3cret":1,"s3cret":1}]`, /\/0 has a field .* that is given twice/],
    [`[{"s3cret":{"x":1,"x":1}}]`, /\/0 has a field .* that is given twice/],
    [{ url, headerFiles: { s3cret: '/none' } }, /its headerFiles \(number 1\) \/none cannot/],
  ] as const) {
    write(typeof text === 'string' ? text : [text])
    await assert.rejects(headersFor(`${url}/r`), isInvalid(words))
  }
  write([{ name: 'deploy', token: 'abcdef' }])
  await assert.rejects(headersFor(url, 's3cret'), isInvalid(/no credential there has the name/))
  await assert.rejects(headersFor(url, 'deploi'), isInvalid(/\(did you mean "deploy"\?\)$/))
  for (const path of [undefined, namedIn('/none', 's3cret')]) {
    const credentials = createCredentials({ path })
    const asked = credentials.authorize(parseRemoteUrl(url, '/'), 's3cret')
    await assert.rejects(asked, isInvalid(/CREDENTIALS_PATH is not set|\(not shown: .*ENOENT/))
  }
})

test('what cannot be read is said of the credential that names it', async (t) => {
  const { headersFor, write } = setUp(t, [])
  write([
    { url: 'https://a.example/team', passwordFile: '/none', username: 'u' },
    { name: 'bot', cookieFile: '/none' },
  ])
  const words = /^The credential for https:\/\/a\.example\/team in \/.*: its passwordFile \/none /
  await assert.rejects(headersFor('https://a.example/team/r'), isInvalid(words))
  const named = /^The credential "bot" in \/.*\/credentials\.json: its cookieFile \/none/
  await assert.rejects(headersFor('https://b.example/r', 'bot'), isInvalid(named))
})

test('an absolute name is told, also one beside the credentials file', async (t) => {
  const { headersFor, write, folder } = setUp(t, [])
  const tokenFile = path.join(folder, 'token')
  write([{ url: 'https://a.example', tokenFile }])
  const words = new RegExp(`its tokenFile ${tokenFile} cannot be read \\(ENOENT\\)$`)
  await assert.rejects(headersFor('https://a.example/r'), isInvalid(words))
})

test('fields that do nothing are faults', async (t) => {
  const { headersFor, write } = setUp(t, [])
  for (const [fields, words] of [
    [{ url: 'https://a.example' }, /\/0 has nothing to authenticate with: give it a password/],
    [{ name: 'n' }, /\/0 has nothing to authenticate with/],
    [
      { url: 'https://a.example', sshKeyFile: '/k' },
      /has sshKeyFile, which a url of https:\/\/ has no use for/,
    ],
    [
      { url: 'ssh://a.example', token: 's3cret' },
      /has token, which a url of ssh:\/\/ has no use for/,
    ],
    [
      { url: 'https://a.example', headers: { 'Transfer-Encoding': 'chunked' } },
      /has a header Transfer-Encoding, which belongs to the connection: leave it out/,
    ],
    [
      { url: 'ssh://a.example', knownHostsFile: true },
      /\/0\/knownHostsFile must be the name of a file, or false to trust every host/,
    ],
  ] as const) {
    write([fields])
    await assert.rejects(headersFor('https://a.example/r'), isInvalid(words))
  }
})

test('secrets in files are read at each attempt, relative to the credentials file', async (t) => {
  const { folder, headersFor } = setUp(t, [
    { url: 'https://a.example', tokenFile: 'secrets/token' },
    { url: 'https://b.example', username: 'u', passwordFile: 'secrets/password' },
  ])
  mkdirSync(path.join(folder, 'secrets'))
  const token = path.join(folder, 'secrets/token')
  writeFileSync(token, 'one\n')
  writeFileSync(path.join(folder, 'secrets/password'), ' two \n\n')
  assert.deepEqual(await headersFor('https://a.example/r'), bearer('one'))
  assert.deepEqual(await headersFor('https://b.example/r'), basic('u: two \n'))

  writeFileSync(token, 'three\r\n')
  assert.deepEqual(await headersFor('https://a.example/r'), bearer('three'))
  writeFileSync(token, '\n')
  await assert.rejects(headersFor('https://a.example/r'), isInvalid(/secrets\/token is empty/))
  writeFileSync(token, 's3cret\nmore')
  await assert.rejects(
    headersFor('https://a.example/r'),
    isInvalid(/its tokenFile has a line end in it, or another character/),
  )
  rmSync(token)
  await assert.rejects(headersFor('https://a.example/r'), isInvalid(/tokenFile .*\(ENOENT\)/))
})

test('a changed file takes effect, a broken one leaves the last good one in force', async (t) => {
  const { file, write, headersFor, sentFor, told, kept } = setUp(t, [
    { url: 'https://a.example', token: 'one' },
  ])
  const repo = 'https://a.example/r'
  assert.deepEqual(await headersFor(repo), bearer('one'))
  write('[{"token": "s3cret"')
  await assert.rejects(headersFor(repo), isInvalid(/is not JSON: line 1/))
  assert.deepEqual(await sentFor(repo), bearer('one'))
  assert.deepEqual(await sentFor('https://b.example/r'), {})
  await assert.rejects(sentFor(repo, 'new'), isInvalid(/is not JSON: line 1/))
  assert.equal(told.length, 1)
  writeFileSync(`${file}.new`, JSON.stringify([{ url: 'https://a.example', token: 'two' }]))
  renameSync(`${file}.new`, file)
  assert.deepEqual(await headersFor(repo), bearer('two'))
  rmSync(file)
  await assert.rejects(headersFor(repo), isInvalid(/it cannot be read \(ENOENT\)/))
  assert.deepEqual(await sentFor(repo), bearer('two'))
  assert.equal(told.length, 2)
  assert.deepEqual(kept, [true, true])
})

test('with a file that was never good, entries that name none of it go on', async (t) => {
  const { credentials, sentFor, told, kept } = setUp(t, '[{"token": "s3cret"')
  assert.deepEqual(await sentFor('https://a.example/r'), {})
  assert.deepEqual(await sentFor('https://me:pw@a.example/r'), basic('me:pw'))
  const ssh = parseRemoteUrl('git@a.example:r', '/')
  assert.equal((await credentials.sshFor(ssh, undefined)).keyFiles, undefined)
  await assert.rejects(sentFor('https://a.example/r', 'bot'), isInvalid(/is not JSON: line 1/))
  await assert.rejects(credentials.sshFor(ssh, 'bot'), isInvalid(/is not JSON: line 1/))
  assert.equal(told.length, 1)
  assert.deepEqual(kept, [false])
})

test('every fault is listed, and no value', async (t) => {
  const { headersFor, write } = setUp(t, [
    { token: 's3cret' },
    { url: 'https://a.example', tokn: 's3cret', username: 5 },
  ])
  const repo = 'https://a.example/r'
  await assert.rejects(headersFor(repo), (error) =>
    [
      /\/0 must have a url or a name/,
      /\/1\/tokn is not a known field \(did you mean "token"\?\)/,
      /\/1\/username must be string/,
    ].every((words) => isInvalid(words)(error)),
  )
  write([
    { url: 'https://user:s3cret@a.example', token: 's3cret', tokenFile: 'x', name: 'n' },
    { url: 'ftp://a.example', username: 's3cret', name: 'n' },
    { name: 'm', password: 's3cret', token: 's3cret', headers: { Authorization: 's3cret' } },
    { name: 'o', headers: { 'X-Key': 's3cret\r\nX-Other: 1', 'a b': 's3cret' } },
  ])
  await assert.rejects(headersFor(repo), (error) =>
    [
      /\/0 has both token and tokenFile/,
      /\/0 has a url with credentials/,
      /\/1 lacks a password/,
      /\/1 has a url that does not start with/,
      /\/1 has the name of \/0/,
      /\/2 authenticates in more than one way: username and password, token, an Authorization/,
      /\/3 has headers of which number 1 has a line end/,
      /\/3 has a header of an impossible name/,
    ].every((words) => isInvalid(words)(error)),
  )
  write({})
  await assert.rejects(headersFor(repo), isInvalid(/the file must be array/))
})

test('without a credentials file there are the credentials of the URL', async () => {
  const credentials = createCredentials({ path: undefined })
  const remote = parseRemoteUrl('https://u:p@git.example/r', '/')
  assert.deepEqual((await credentials.authorize(remote, undefined)).headers, basic('u:p'))
  await assert.rejects(
    credentials.authorize(remote, 'bot'),
    isInvalid(/CREDENTIALS_PATH is not set/),
  )
})
