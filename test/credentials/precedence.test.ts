// The order in which credentials are looked for, and the variables and files of it.
import assert from 'node:assert/strict'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { namedIn } from '../../src/base/file-name.js'
import { createRedactor } from '../../src/base/known-secrets.js'
import { createCredentials } from '../../src/credentials/credentials.js'
import { parseRemoteUrl } from '../../src/git/remote-url.js'
import { type TestScope, tempDir } from '../helpers/git.js'
import { isInvalid } from '../helpers/invalid-credentials.js'

const basic = (text: string) => ({ authorization: `Basic ${Buffer.from(text).toString('base64')}` })
const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

function setUp(t: TestScope, files: Record<string, string>, env: Record<string, string> = {}) {
  const home = tempDir(t)
  const write = (name: string, text: string) => writeFileSync(path.join(home, name), text)
  for (const [name, text] of Object.entries(files)) write(name, text)
  const file = 'credentials.json' in files ? namedIn(home, 'credentials.json') : undefined
  const variables = Object.entries({ HOME: home, ...env }).map(([name, value]) => [
    name,
    value.replace('~', home),
  ])
  const redactor = createRedactor()
  const options = { path: file, env: Object.fromEntries(variables), redactor }
  const credentials = createCredentials(options)
  const headersFor = async (repo: string, name?: string) => {
    const fault = await credentials.fileFault()
    if (fault) throw fault
    return (await credentials.authorize(parseRemoteUrl(repo, '/'), name)).headers
  }
  return { credentials, headersFor, home, redactor, write }
}

const FILES = {
  'credentials.json': JSON.stringify([
    { name: 'named', token: 'from-name' },
    { url: 'https://file.example', token: 'from-file' },
  ]),
  '.netrc': 'machine netrc.example login n password netrc\nmachine both.example password first',
  '.git-credentials': 'https://g:store@store.example\nhttps://g:second@both.example',
}

test('the first source that has any for a repository wins', async (t) => {
  const { headersFor } = setUp(t, FILES)
  for (const [repo, name, headers] of [
    ['https://u:p@file.example/r', 'named', bearer('from-name')],
    ['https://u:p@file.example/r', undefined, basic('u:p')],
    ['https://file.example/r', undefined, bearer('from-file')],
    ['https://netrc.example/r', undefined, basic('n:netrc')],
    ['https://both.example/r', undefined, basic(':first')],
    ['https://store.example/r', undefined, basic('g:store')],
    ['https://none.example/r', undefined, {}],
    ['git@netrc.example:r', undefined, {}],
  ] as const) {
    assert.deepEqual(await headersFor(repo, name), headers, repo)
  }
  const { headersFor: withEnvironment } = setUp(t, FILES, { GIT_TOKEN: 'from-env' })
  assert.deepEqual(await withEnvironment('https://file.example/r'), bearer('from-file'))
  assert.deepEqual(await withEnvironment('https://netrc.example/r'), bearer('from-env'))
})

test('a credential that logs nobody in leaves that to the sources after it', async (t) => {
  const listed = [
    { url: 'https://netrc.example', headers: { 'x-tenant': 'a' } },
    { url: 'https://store.example', cookieFile: 'cookies' },
  ]
  const files = { ...FILES, 'credentials.json': JSON.stringify(listed), cookies: '' }
  const { headersFor } = setUp(t, files)
  assert.deepEqual(await headersFor('https://netrc.example/r'), {
    'x-tenant': 'a',
    ...basic('n:netrc'),
  })
  assert.deepEqual(await headersFor('https://store.example/r'), basic('g:store'))
  const none = await setUp(t, {
    'credentials.json': JSON.stringify([listed[1]]),
    cookies: '',
  }).credentials.authorize(parseRemoteUrl('https://store.example/r', '/'), undefined)
  assert.equal(none.source, undefined, 'nothing is said to have been sent')
})

test('a user name alone in the URL is what the password is looked for by', async (t) => {
  const { headersFor } = setUp(t, FILES)
  assert.deepEqual(await headersFor('https://g@both.example/r'), basic('g:second'))
  assert.deepEqual(await headersFor('https://g@file.example/r'), bearer('from-file'))
  assert.deepEqual(await headersFor('https://x@both.example/r'), basic('x:'))
})

test('the environment serves what nobody can listen to, or the prefix it names', async (t) => {
  const { headersFor } = setUp(t, {}, { GIT_USERNAME: 'u', GIT_PASSWORD: 'p' })
  for (const repo of ['https://any.example/r', 'http://127.0.0.1:8080/r', 'http://localhost/r']) {
    assert.deepEqual(await headersFor(repo), basic('u:p'), repo)
  }
  assert.deepEqual(await headersFor('http://any.example/r'), {})
  const limited = setUp(t, {}, { GIT_TOKEN: 't', GIT_CREDENTIAL_URL: 'http://any.example/team' })
  assert.deepEqual(await limited.headersFor('http://any.example/team/r'), bearer('t'))
  for (const repo of ['http://any.example/r', 'https://any.example/team/r', 'http://localhost/r']) {
    assert.deepEqual(await limited.headersFor(repo), {}, repo)
  }
  const empty = setUp(t, {}, { GIT_USERNAME: '', GIT_TOKEN: '', NETRC: '', GIT_COOKIE_FILE: '' })
  assert.deepEqual(await empty.headersFor('https://any.example/r'), {})
})

test('secrets of the environment may be in files, read at each attempt', async (t) => {
  const repo = 'https://git.example/r'
  const password = { GIT_USERNAME: 'u', GIT_PASSWORD_FILE: '~/password' }
  const { headersFor, write, home } = setUp(t, { password: 'one\n' }, password)
  assert.deepEqual(await headersFor(repo), basic('u:one'))
  write('password', 'two\r\n')
  assert.deepEqual(await headersFor(repo), basic('u:two'))
  rmSync(path.join(home, 'password'))
  const words = /^The environment: GIT_PASSWORD_FILE \S+\/password cannot be read \(ENOENT\)$/
  await assert.rejects(headersFor(repo), isInvalid(words))
  const token = setUp(t, { token: 'three' }, { GIT_TOKEN_FILE: '~/token' })
  assert.deepEqual(await token.headersFor(repo), bearer('three'))
})

test('variables that contradict each other are an error', async (t) => {
  for (const [env, words] of [
    [
      { GIT_PASSWORD: 's3cret', GIT_PASSWORD_FILE: 'x' },
      /^The environment: its credential has both GIT_PASSWORD and GIT_PASSWORD_FILE$/,
    ],
    [
      { GIT_PASSWORD: 's3cret', GIT_TOKEN: 's3cret' },
      /more than one way: GIT_USERNAME and GIT_PASSWORD, GIT_TOKEN$/,
    ],
    [{ GIT_USERNAME: 's3cret' }, /lacks a GIT_PASSWORD$/],
    [
      { GIT_TOKEN: 's3cret', GIT_CREDENTIAL_URL: 'git.example' },
      /has a GIT_CREDENTIAL_URL that does not start/,
    ],
    [{ GIT_TOKEN: 's3cret\nx' }, /^The environment: GIT_TOKEN has a line end in it, or another/],
    [{ GIT_TOKEN: 's3cret €' }, /^The environment: GIT_TOKEN has a line end in it, or another/],
  ] as const) {
    const { headersFor } = setUp(t, {}, env)
    await assert.rejects(headersFor('https://git.example/r'), isInvalid(words))
  }
})

test('one newline at the end of a variable is left out', async (t) => {
  const login = setUp(t, {}, { GIT_USERNAME: 'u\n', GIT_PASSWORD: 'p\n\n' })
  assert.deepEqual(await login.headersFor('https://git.example/r'), basic('u:p\n'))
  const token = setUp(t, {}, { GIT_TOKEN: 't\r\n' })
  assert.deepEqual(await token.headersFor('https://git.example/r'), bearer('t'))
})

test('a secret in place of the name of its file is an error, and not shown', async (t) => {
  for (const [env, words] of [
    [{ GIT_PASSWORD_FILE: 's3cret' }, /^The environment: GIT_PASSWORD_FILE \(not shown/],
    [
      { GIT_TOKEN_FILE: 's3cret\nx' },
      /has a GIT_TOKEN_FILE that must be a file name, not the secret/,
    ],
    [{ NETRC: 'machine h login u password s3cret' }, /^The netrc file \(not shown/],
    [{ NETRC: 'machine h\nlogin u password s3cret' }, /^The netrc file: must be a file name/],
    [
      { GIT_CREDENTIALS_FILE: 'https://u:s3cret@h' },
      /^The git-credentials file: must be a file name, not the secret itself$/,
    ],
    [{ GIT_COOKIE_FILE: 'h\tTRUE\t/\n\ts3cret' }, /^The cookie file: must be a file name/],
  ] as const) {
    const { headersFor } = setUp(t, {}, env)
    await assert.rejects(headersFor('https://git.example/r'), isInvalid(words))
  }
})

test('where the credentials come from is told in words, without any of them', async (t) => {
  const sourceOf = async (env: Record<string, string>, repo: string, name?: string) => {
    const { credentials } = setUp(t, FILES, env)
    const found = await credentials.authorize(parseRemoteUrl(repo, '/'), name)
    assert.equal(found.whyNone, undefined)
    return found.source
  }
  for (const [repo, name, words] of [
    ['https://file.example/r', 'named', /^the credential "named" in CREDENTIALS_PATH$/],
    ['https://u:p@file.example/r', undefined, /^the user name and password in the entry's repo$/],
    ['https://file.example/r', undefined, /^the credential for https:\/\/file\.example in CRED/],
    ['https://netrc.example/r', undefined, /^the netrc file \/\S+\/\.netrc$/],
    ['https://store.example/r', undefined, /^the git-credentials file \/\S+\/\.git-credentials$/],
    ['https://u@none.example/r', undefined, /^the user name in .* no source has a password$/],
  ] as const) {
    assert.match((await sourceOf({}, repo, name)) ?? '', words)
  }
  assert.equal(await sourceOf({}, 'https://none.example/r'), undefined)
  const env = { GIT_USERNAME: 'u', GIT_PASSWORD: 'p' }
  assert.equal(await sourceOf(env, 'https://netrc.example/r'), 'GIT_USERNAME and GIT_PASSWORD')
})

test('why there are no credentials is told where some come near', async (t) => {
  const env = { GIT_TOKEN: 's3cret' }
  const team = { url: 'https://git.example:8443/team', token: 's3cret' }
  const files = { 'credentials.json': JSON.stringify([team]) }
  for (const [variables, repo, words] of [
    [
      env,
      'http://git.example/r',
      /^CREDENTIALS_PATH has one for https:\/\/git\.example:8443\/team only, and GIT_TOKEN would cross the network in plain text: use https:\/\/, or name/,
    ],
    [{}, 'https://git.example/team/r', /^CREDENTIALS_PATH has one for \S+ only$/],
    [
      { ...env, GIT_CREDENTIAL_URL: 'https://other.example/' },
      'https://new.example/r',
      /^GIT_CREDENTIAL_URL keeps GIT_TOKEN for https:\/\/other\.example\/$/,
    ],
  ] as const) {
    const { credentials } = setUp(t, files, variables)
    const { source, whyNone } = await credentials.authorize(parseRemoteUrl(repo, '/'), undefined)
    assert.equal(source, undefined)
    assert.match(whyNone ?? '', words)
  }
})

test('a file in the home directory serves as far as it can be read', async (t) => {
  const repo = 'https://git.example/r'
  const netrc = 'machine x user u passwd s3cret\nmachine git.example login u password p'
  const store = 'u:s3cret@git.example\nhttps://u:p@git.example'
  for (const [files, named] of [
    [{ '.netrc': netrc }, { NETRC: '~/.netrc' }],
    [{ '.git-credentials': store }, { GIT_CREDENTIALS_FILE: '~/.git-credentials' }],
  ] as const) {
    assert.deepEqual(await setUp(t, files).headersFor(repo), basic('u:p'))
    const words = /^The \S+ file \S+: line 1/
    await assert.rejects(setUp(t, files, named).headersFor(repo), isInvalid(words))
  }
})

test('a file that was named must be there, one in the home directory need not', async (t) => {
  const repo = 'https://git.example/r'
  for (const [env, words] of [
    [{ NETRC: '~/none' }, /^The netrc file \S+\/none: it cannot be read \(ENOENT\)$/],
    [{ GIT_CREDENTIALS_FILE: '~/none' }, /^The git-credentials file \S+\/none: it cannot be read/],
    [{ GIT_COOKIE_FILE: '~/none' }, /^The cookie file \S+\/none: it cannot be read/],
  ] as const) {
    await assert.rejects(setUp(t, {}, env).headersFor(repo), isInvalid(words))
  }
  // None of these is a file that can be read.
  const folder = tempDir(t)
  for (const name of ['.netrc', '.git-credentials']) mkdirSync(path.join(folder, name))
  for (const HOME of ['/dev/null', '/none', '/home/a\nb', '/home/{"a"}', 'u:p@h', folder]) {
    assert.deepEqual(await setUp(t, {}, { HOME }).headersFor(repo), {}, HOME)
  }
  const { headersFor } = setUp(t, { '.netrc': 'machine s3cret' }, { HOME: '~' })
  assert.deepEqual(await headersFor(repo), {})
})

test('cookies go along with any other way, and are read at each attempt', async (t) => {
  const row = (value: string) => `git.example\tFALSE\t/\tTRUE\t0\to\t${value}\n`
  const env = { GIT_COOKIE_FILE: '~/cookies', GIT_TOKEN: 't' }
  const { headersFor, write } = setUp(t, { ...FILES, cookies: row('one') }, env)
  assert.deepEqual(await headersFor('https://git.example/r'), { ...bearer('t'), cookie: 'o=one' })
  write('cookies', row('two'))
  const url = await headersFor('https://u:p@git.example/r')
  assert.deepEqual(url, { ...basic('u:p'), cookie: 'o=two' })
  write('own', row('own'))
  const own = [{ url: 'https://git.example', cookieFile: 'own', headers: { 'X-Key': 'k' } }]
  write('credentials.json', JSON.stringify(own))
  assert.deepEqual(await headersFor('https://git.example/r'), { 'x-key': 'k', cookie: 'o=own' })
})

test('headers may be in files, and none is given twice', async (t) => {
  const one = { url: 'https://git.example', headerFiles: { 'X-Key': 'key' } }
  const { headersFor, write } = setUp(t, {
    key: 'value\n',
    'credentials.json': JSON.stringify([one]),
  })
  const repo = 'https://git.example/r'
  assert.deepEqual(await headersFor(repo), { 'x-key': 'value' })
  write('key', 's3cret\nmore')
  await assert.rejects(headersFor(repo), isInvalid(/its headerFiles \(number 1\) has a line end/))
  for (const [fields, words] of [
    [{ headers: { 'x-key': 's3cret' } }, /has one header twice/],
    [{ headers: { Cookie: 's3cret' }, cookieFile: 'x' }, /both cookieFile and a Cookie header/],
    [{ headerFiles: { authorization: 'x' }, token: 's3cret' }, /more than one way/],
  ] as const) {
    write('credentials.json', JSON.stringify([{ ...one, ...fields }]))
    await assert.rejects(headersFor(repo), isInvalid(words))
  }
})

test('a field that is given twice is an error', async (t) => {
  const text = '[{"url": "https://git.example", "token": "s3cret", "token": "s3cret2"}]'
  const { headersFor } = setUp(t, { 'credentials.json': text })
  await assert.rejects(headersFor('https://git.example/r'), isInvalid(/\/0\/token is given twice/))
})

test('what is sent is learnt for redaction', async (t) => {
  const { headersFor, redactor } = setUp(t, FILES)
  await headersFor('https://me:url-password@git.example/r')
  await headersFor('https://file.example/r')
  const echoed = redactor.redact('url-password from-file netrc')
  assert.equal(echoed, '[redacted] [redacted] netrc')
})
