import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findInNetrc } from '../../../src/credentials/login-files/netrc.js'

const fail = (fault: string) => {
  throw new Error(fault)
}
const find = (text: string, url = 'https://git.example/r', username?: string) =>
  findInNetrc(text, new URL(url), username, fail)

test('the first machine of the host wins, whatever the port and the scheme', () => {
  const text = `machine other.example login o password p
# machine git.example login no password no
machine Git.Example
  login first
  account unused
  password one
machine git.example login second password two
default login anyone password three`
  const first = { username: 'first', password: 'one' }
  for (const url of ['https://git.example/r', 'http://GIT.example:8080/x']) {
    assert.deepEqual(find(text, url), first)
  }
  assert.deepEqual(find(text, 'https://git.example/r', 'second'), {
    username: 'second',
    password: 'two',
  })
  assert.equal(find(text, 'https://git.example/r', 'third'), undefined)
  const byDefault = { username: 'anyone', password: 'three' }
  assert.deepEqual(find(text, 'https://new.example/r'), byDefault)
  assert.deepEqual(find(text, 'http://127.0.0.1:80/r'), byDefault)
  assert.equal(find(text, 'http://new.example/r'), undefined)
  assert.equal(find('', 'https://git.example/r'), undefined)
  assert.equal(find('machine git.example login only'), undefined)
})

test('values may be quoted, and macros are skipped', () => {
  const text = `machine a.example login "a b" password "x\\"y\\\\z\\t#1"
macdef init
machine git.example login macro password macro

machine git.example login git password #hash macdef end
password never

machine b.example password onlypassword`
  assert.deepEqual(find(text, 'https://a.example/'), { username: 'a b', password: 'x"y\\z\t#1' })
  assert.deepEqual(find(text), { username: 'git', password: '#hash' })
  assert.deepEqual(find(text, 'https://b.example/'), { username: '', password: 'onlypassword' })
})

test('what it cannot read is a fault with its line, without its content, and passed over', () => {
  const sound = 'machine git.example login u password first\n'
  for (const [text, words] of [
    ['machine git.example login', /^line 2: "login" has no value$/],
    ['machine git.example user s3cret password s3cret', /^line 2: expected machine, default/],
    ['machine a login b\n password s3cret s3cret', /^line 3: expected machine, default, login/],
    ['machine a login "s3cret', /^line 2: a quoted value does not end/],
  ] as const) {
    const faults: string[] = []
    const url = new URL('https://git.example/r')
    const login = findInNetrc(sound + text, url, undefined, (fault) => faults.push(fault))
    assert.match(faults[0] ?? '', words)
    assert.doesNotMatch(faults.join(), /s3cret/)
    assert.deepEqual(login, { username: 'u', password: 'first' })
  }
  assert.throws(() => find('login x machine'), /line 1: expected machine or default first/)
})

test('a line that cannot be read spoils no other', () => {
  const text = `machine git.example user u passwd s3cret
machine git.example login u password "s3cret
machine git.example login u password late`
  const url = new URL('https://git.example/r')
  assert.equal(
    findInNetrc(text, url, undefined, () => undefined),
    undefined,
  )
  const words = 'machine git.example user u password s3cret\nmachine git.example login a password b'
  const login = findInNetrc(words, url, undefined, () => undefined)
  assert.deepEqual(login, { username: 'a', password: 'b' })
})

test('a machine that lacks a word is passed over, whatever the rest of it', () => {
  const url = new URL('https://git.example/r')
  for (const text of [
    'machine git.example password p login "u',
    'machine git.example password p login',
    'machine git.example password p "login u',
    'machine git.example password p account',
    'machine git.example login u password p\n "x',
  ]) {
    const login = findInNetrc(text, url, undefined, () => undefined)
    assert.equal(login, undefined, text)
    assert.throws(() => find(text), /line \d: (?:a quoted value does|"\w+" has no value)/, text)
  }
  const sound = { username: 'u', password: 'p' }
  const text = 'machine git.example login u password p machine "x'
  const login = findInNetrc(text, url, undefined, () => undefined)
  assert.deepEqual(login, sound)
  assert.deepEqual(find('# 5" wide\nmachine git.example login u password p # 5" wide'), sound)
  assert.deepEqual(
    find('machine a.example # 5" wide\nmachine git.example login u password p'),
    sound,
  )
})

test('a comment may end a line', () => {
  const text = 'machine git.example # my machine login no\nlogin u password #hash # password no'
  assert.deepEqual(find(text), { username: 'u', password: '#hash' })
})
