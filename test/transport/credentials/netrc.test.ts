import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findInNetrc } from '../../../src/transport/credentials/netrc.js'
import { isInvalid } from '../../helpers/invalid-credentials.js'

const find = (text: string, url = 'https://git.example/r', username?: string) =>
  findInNetrc(text, 'The netrc file /n', new URL(url), username)

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

test('a malformed file is an error with its line, and without its content', () => {
  for (const [text, words] of [
    ['machine git.example login', /^The netrc file \/n: line 1: "login" has no value$/],
    ['\nlogin s3cret', /line 2: expected machine or default first/],
    ['machine a login b\n password s3cret s3cret', /line 2: expected machine, default, login/],
    ['machine a login "s3cret', /line 1: a quoted value does not end/],
  ] as const) {
    assert.throws(() => find(text), isInvalid(words))
  }
})
