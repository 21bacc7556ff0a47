import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseRemoteUrl } from '../../src/git/remote-url.js'
import { submoduleRemote } from '../../src/git/submodule-remote.js'
import { failsWith } from '../helpers/fails-with.js'

const HTTP = 'https://user:pass@git.example.com/team/site.git'
const from = (superproject: string, url: string | undefined) =>
  submoduleRemote({ url }, parseRemoteUrl(superproject, '/srv'))

test('an address leads where it does for git', () => {
  for (const [superproject, url, expected] of [
    [HTTP, '../theme.git', 'https://git.example.com/team/theme.git'],
    [HTTP, '../../x/./theme', 'https://git.example.com/x/./theme'],
    [HTTP, 'https://other.example/a', 'https://other.example/a'],
    [HTTP, 'git@other.example:a/b.git', 'ssh://git@other.example/~/a/b.git'],
    ['git@h:team/site.git', '../theme.git', 'ssh://git@h/~/team/theme.git'],
    ['git@h:site.git', '../theme.git', 'ssh://git@h/~/theme.git'],
    ['ssh://git@h:2222/team/site', '../th\xc3\xa4me', 'ssh://git@h:2222/team/th%C3%A4me'],
    ['/srv/site', '../theme', 'file:///srv/theme'],
    ['/srv/my site', './theme', 'file:///srv/my%20site/theme'],
    ['/srv/site', '/elsewhere', 'file:///elsewhere'],
    ['site', 'file:///elsewhere', 'file:///elsewhere'],
  ] as const) {
    assert.equal(new URL(from(superproject, url).url).href, new URL(expected).href, url)
  }
})

test('credentials of the superproject go to its own origin only', () => {
  const own = { username: 'user', password: 'pass' }
  assert.deepEqual(from(HTTP, '../theme').credentials, own)
  assert.deepEqual(from(HTTP, 'https://git.example.com/b').credentials, own)
  for (const url of [
    'http://git.example.com/b',
    'https://git.example.com:8443/b',
    'https://example.com/b',
    'https://git.example.com.evil.example/b',
    'ssh://git.example.com/b',
  ]) {
    assert.equal(from(HTTP, url).credentials, undefined, url)
  }
  const others = from(HTTP, 'https://a:b@git.example.com/b').credentials
  assert.deepEqual(others, { username: 'a', password: 'b' })
})

test('what leads to this machine, to a program, or nowhere, is refused', () => {
  for (const [url, words] of [
    ['file:///etc', /files of this machine/],
    ['/etc', /files of this machine/],
    ['etc', /files of this machine/],
    ['ext::sh -c x', /names a program/],
    [undefined, /is missing/],
    ['ftp://h/x', /unknown scheme/],
    ['', /./],
    ['../../../../../../../..', /./],
  ] as const) {
    assert.throws(() => from('git@h:a/b', url), failsWith('submodule-invalid', words), url)
  }
  assert.throws(() => from('/srv/a', 'ext::sh -c x'), failsWith('submodule-invalid', /a program/))
})

test('an address may stand for another, by its longest beginning', () => {
  const insteadOf = [
    ['https://mirror.example/', 'git@other.example:'],
    ['file:///srv/mirror/', 'git@other.example:a/'],
  ] as const
  const leadsTo = (url: string) =>
    submoduleRemote({ url }, parseRemoteUrl(HTTP, '/srv'), insteadOf).url
  assert.equal(leadsTo('git@other.example:b/c.git'), 'https://mirror.example/b/c.git')
  assert.equal(leadsTo('https://other.example/b'), 'https://other.example/b')
  // Whoever commits may name no file of this machine; whoever configures it may.
  assert.equal(leadsTo('git@other.example:a/b'), 'file:///srv/mirror/b')
})
