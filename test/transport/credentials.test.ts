import assert from 'node:assert/strict'
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { SyncError } from '../../src/base/errors.js'
import { parseRemoteUrl } from '../../src/git/remote-url.js'
import { createCredentials, originOf } from '../../src/transport/credentials.js'
import { type TestScope, tempDir } from '../helpers/git.js'

const basic = (text: string) => ({ authorization: `Basic ${Buffer.from(text).toString('base64')}` })
const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

function setUp(t: TestScope, content: unknown) {
  const folder = tempDir(t)
  const file = path.join(folder, 'credentials.json')
  const write = (value: unknown) =>
    writeFileSync(file, typeof value === 'string' ? value : JSON.stringify(value))
  write(content)
  const credentials = createCredentials({ path: file })
  const headersFor = (repo: string, name?: string) =>
    credentials.headersFor(parseRemoteUrl(repo, '/'), name)
  return { folder, file, write, headersFor }
}

const isInvalid = (words: RegExp) => (error: unknown) => {
  assert.ok(error instanceof SyncError, String(error))
  assert.equal(error.code, 'credentials-invalid')
  assert.match(error.message, words)
  assert.doesNotMatch(error.message, /s3cret/)
  return true
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
  await assert.rejects(headersFor(repo, 'none'), isInvalid(/no credential of the name "none"/))
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
  await assert.rejects(headersFor('https://a.example/r'), isInvalid(/a token has a line end/))
  rmSync(token)
  await assert.rejects(headersFor('https://a.example/r'), isInvalid(/tokenFile .*\(ENOENT\)/))
})

test('a changed file takes effect, a broken one fails the attempt only', async (t) => {
  const { file, write, headersFor } = setUp(t, [{ url: 'https://a.example', token: 'one' }])
  const repo = 'https://a.example/r'
  assert.deepEqual(await headersFor(repo), bearer('one'))
  write('[{"token": "s3cret"')
  await assert.rejects(headersFor(repo), isInvalid(/is not JSON: line 1/))
  writeFileSync(`${file}.new`, JSON.stringify([{ url: 'https://a.example', token: 'two' }]))
  renameSync(`${file}.new`, file)
  assert.deepEqual(await headersFor(repo), bearer('two'))
  rmSync(file)
  await assert.rejects(headersFor(repo), isInvalid(/it cannot be read \(ENOENT\)/))
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
      /\/1\/tokn is not a known field/,
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
      /\/3 has a header X-Key with a line end/,
      /\/3 has a header of an impossible name/,
    ].every((words) => isInvalid(words)(error)),
  )
  write({})
  await assert.rejects(headersFor(repo), isInvalid(/the file must be array/))
})

test('the place of the credentials is told in words, without any of them', () => {
  const plain = parseRemoteUrl('https://git.example/r', '/')
  const remote = parseRemoteUrl('https://u:p@git.example/r', '/')
  assert.match(originOf(plain, undefined), /^CREDENTIALS_PATH, the GIT_… variables, or/)
  assert.equal(originOf(remote, undefined), "the user name and password in the entry's repo")
  assert.equal(originOf(remote, 'bot'), 'the credential "bot" in CREDENTIALS_PATH')
})

test('without a credentials file there are the credentials of the URL', async () => {
  const credentials = createCredentials({ path: undefined })
  const remote = parseRemoteUrl('https://u:p@git.example/r', '/')
  assert.deepEqual(await credentials.headersFor(remote, undefined), basic('u:p'))
  await assert.rejects(
    credentials.headersFor(remote, 'bot'),
    isInvalid(/CREDENTIALS_PATH is not set/),
  )
})
