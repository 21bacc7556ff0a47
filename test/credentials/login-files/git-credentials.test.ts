import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { findInGitCredentials } from '../../../src/credentials/login-files/git-credentials.js'
import { gitBytes, tempDir } from '../../helpers/git.js'

const fail = (fault: string) => {
  throw new Error(fault)
}
const find = (text: string, url: string, username?: string) =>
  findInGitCredentials(text, new URL(url), username, fail)

const TEXT = `
# a comment
https://a%40b:p%3Ass%2F%20w@git.example
https://second:two@git.example
https://port:three@git.example:8443/team/repo
http://plain:four@git.example
ssh://git@git.example
https://nopassword@bare.example
`

test('a line serves its scheme, host and port, whatever its path', () => {
  for (const [url, username, password] of [
    ['https://git.example/any/repo.git', 'a@b', 'p:ss/ w'],
    ['https://GIT.example:443/', 'a@b', 'p:ss/ w'],
    ['https://git.example:8443/other', 'port', 'three'],
    ['http://git.example/r', 'plain', 'four'],
  ] as const) {
    assert.deepEqual(find(TEXT, url), { username, password }, url)
  }
  assert.deepEqual(find(TEXT, 'https://git.example/r', 'second')?.password, 'two')
  for (const url of [
    'https://other.example/',
    'http://git.example:8443/',
    'https://bare.example',
  ]) {
    assert.equal(find(TEXT, url), undefined, url)
  }
})

test('what git stores is found, as git finds it', (t) => {
  const folder = tempDir(t)
  const file = path.join(folder, 'credentials')
  const password = 'ä:@/?#%[] "\'\\+&'
  const asked = 'protocol=https\nhost=git.example:8443\n'
  const store = (action: string, input: string) =>
    gitBytes(folder, ['credential-store', '--file', file, action], { input: Buffer.from(input) })
  store('store', `${asked}username=me@work\npassword=${password}\n\n`)
  assert.match(store('get', `${asked}\n`).toString(), /username=me@work/)
  const login = { username: 'me@work', password }
  assert.deepEqual(find(readFileSync(file, 'utf8'), 'https://git.example:8443/r'), login)
})

test('a malformed line is a fault with its number, without its content, and passed over', () => {
  for (const line of ['s3cret', 'https://u:s3cret%zz@git.example']) {
    const faults: string[] = []
    const text = `\n${line}\nhttps://u:next@git.example`
    const login = findInGitCredentials(text, new URL('https://git.example/'), undefined, (fault) =>
      faults.push(fault),
    )
    assert.deepEqual(faults, ['line 2 is not a URL with encoded credentials'])
    assert.deepEqual(login, { username: 'u', password: 'next' })
  }
})
