import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseRemoteUrl } from '../../src/git/remote-url.js'
import fc from '../helpers/fast-check.js'

const BASE = '/srv/listing folder'
const parse = (repo: string) => parseRemoteUrl(repo, BASE)

test('recognises every form of address', () => {
  const forms: Record<string, [transport: string, url: string]> = {
    'https://host/a.git': ['http', 'https://host/a.git'],
    'HTTPS://Host:443/A.git/': ['http', 'https://host/A.git'],
    'http://host:8080/a': ['http', 'http://host:8080/a'],
    'https://host/a%20b': ['http', 'https://host/a%20b'],
    'https://host/': ['http', 'https://host'],
    'ssh://git@host/a.git': ['ssh', 'ssh://git@host/a.git'],
    'ssh://host:2222/a/': ['ssh', 'ssh://host:2222/a'],
    'ssh://host/~user/a': ['ssh', 'ssh://host/~user/a'],
    'git+ssh://git@host/a': ['ssh', 'ssh://git@host/a'],
    'git@host:group/a.git': ['ssh', 'ssh://git@host/~/group/a.git'],
    'git@host:/srv/a.git': ['ssh', 'ssh://git@host/srv/a.git'],
    'host:a': ['ssh', 'ssh://host/~/a'],
    'git@host:~/a': ['ssh', 'ssh://git@host/~/a'],
    'git@[::1]:a': ['ssh', 'ssh://git@[::1]/~/a'],
    'git@host:../a': ['ssh', 'ssh://git@host/~/../a'],
    'ssh://host:22/a/../b': ['ssh', 'ssh://host/a/../b'],
    'ssh://host/~/../é%2Fa': ['ssh', 'ssh://host/~/../%C3%A9%2Fa'],
    'ssh://host/a b': ['ssh', 'ssh://host/a%20b'],
    'git@host:a b#c?d%e': ['ssh', 'ssh://git@host/~/a%20b%23c%3Fd%25e'],
    '/srv/a.git': ['local', 'file:///srv/a.git'],
    './a:b': ['local', 'file:///srv/listing%20folder/a:b'],
    'folder/a:b': ['local', 'file:///srv/listing%20folder/folder/a:b'],
    '.': ['local', 'file:///srv/listing%20folder'],
    '..': ['local', 'file:///srv'],
    '../a#b?c%20': ['local', 'file:///srv/a%23b%3Fc%2520'],
    'file:///srv/a%20b': ['local', 'file:///srv/a%20b'],
    'file://localhost/srv/a/': ['local', 'file:///srv/a'],
    'file:../a': ['local', 'file:///srv/a'],
    'file:a': ['local', 'file:///srv/listing%20folder/a'],
    'file:/srv/a': ['local', 'file:///srv/a'],
    'FILE:///srv/a': ['local', 'file:///srv/a'],
  }
  for (const [repo, [transport, url]] of Object.entries(forms)) {
    assert.deepEqual(parse(repo), { transport, url, credentials: undefined }, repo)
    if (transport !== 'local') assert.deepEqual(parse(url).url, url)
  }
})

test('takes a password out of an ssh URL', () => {
  const credentials = { username: 'user', password: 'p:w/%' }
  assert.deepEqual(parse('ssh://user:p%3Aw%2F%25@host:2222/a'), {
    transport: 'ssh',
    url: 'ssh://user@host:2222/a',
    credentials,
  })
})

test('takes credentials out of an http URL, decoded', () => {
  const url = 'https://host/a'
  const credentials = (username: string, password: string) => ({ username, password })
  for (const [repo, expected] of [
    ['https://user:secret@host/a', credentials('user', 'secret')],
    ['https://token@host/a', credentials('token', '')],
    ['https://:secret@host/a', credentials('', 'secret')],
    ['https://us%40er:p%3Aw%2F%25@host/a', credentials('us@er', 'p:w/%')],
    ['https://user:100%@host/a', credentials('user', '100%')],
  ] as const) {
    assert.deepEqual(parse(repo), { transport: 'http', url, credentials: expected })
  }
})

test('takes spaces in a path, written either way', () => {
  for (const [repo, url] of [
    [
      'https://u@dev.example/org/My  Project/_git/a b',
      'https://dev.example/org/My%20%20Project/_git/a%20b',
    ],
    [
      'https://dev.example/org/My%20Project/_git/a b',
      'https://dev.example/org/My%20Project/_git/a%20b',
    ],
    ['ssh://git@host/My Project/repo', 'ssh://git@host/My%20Project/repo'],
  ] as const) {
    assert.equal(parse(repo).url, url)
  }
})

test('says what is wrong, without the text that may hold a secret', () => {
  const faults: Record<string, RegExp> = {
    'ftp://user:secret@host/a': /unknown scheme ftp:/,
    'git://host/secret': /unknown scheme git:/,
    'https:host/secret': /needs \/\/ after its scheme/,
    'https://': /not a valid URL/,
    'https://user:secret': /not a valid URL/,
    'https://user:se cret@host/a': /white space/,
    'https://user:se cret/x@host/a': /white space/,
    'https://host/a secret ': /white space/,
    'https://host/a\tsecret': /white space/,
    'https://user:se\\cret@host/a': /backslashes/,
    'https://user:sec/ret@host/a': /valid URL|"@" in its path/,
    'https://host/x/secret@host/a': /"@" in its path/,
    'https://host/a?token=secret': /query or a fragment/,
    'https://host/a#secret': /query or a fragment/,
    'ssh://git@host:secret/site.git': /no port; write ssh:\/\/user@host\/path, or user@host:path$/,
    'git+ssh://git@host:secret/site.git': /no port; write ssh:/,
    'ssh://git@host:2222:secret/site.git': /no port; write ssh:/,
    'ssh://git@[::1]:secret/site.git': /no port; write ssh:/,
    'https://host:secret/site.git': /no port; write https:\/\/host\/path/,
    'https://user:sec:ret@host:secret/a': /no port; write https:/,
    'ssh://host': /no path/,
    'ssh://host/': /no path/,
    'ssh://host/secret%E9': /percent/,
    'ssh://host/secret%00': /NUL/,
    'host:-secret': /starts with "-"/,
    'ssh://host/~secret': /no path/,
    'git@[secret:a': /no host/,
    'se^cret:a': /no host/,
    'ssh://host/a?secret': /query or a fragment/,
    'ssh://host/a#secret': /query or a fragment/,
    'user:secret@host/a': /without its scheme/,
    ' https://user:secret@host/a': /white space before or after/,
    '/srv/secret ': /white space before or after/,
    'git clone https://user:secret@host/a': /mistyped address/,
    'https//user:secret@host/a': /mistyped address/,
    'https;//secret@host/a': /mistyped address/,
    '//user:secret@host/a': /mistyped address/,
    '//secret@host/a': /mistyped address/,
    './user:secret@host/a': /mistyped address/,
    'file:https://user:secret@host/a': /mistyped address/,
    'file:///user:secret@host/a': /mistyped address/,
    'url=https://user:secret@host/a': /mistyped scheme/,
    'git@user:secret@host:a': /without its scheme/,
    'git@host:secret\ud800': /half a character/,
    'file://host/secret': /three slashes/,
    'file:///srv/secret#1': /query or a fragment/,
    'file:///srv/secret?1': /query or a fragment/,
    'file:///srv/secret%zz': /percent/,
    'file:///srv/%E9/secret': /percent/,
    'file:///srv/a%2Fsecret': /encoded/,
  }
  for (const [repo, words] of Object.entries(faults)) {
    assert.throws(
      () => parse(repo),
      (error) => {
        assert.ok(error instanceof TypeError, `${repo}: ${error}`)
        assert.match(error.message, words, repo)
        assert.doesNotMatch(error.message, /secret/)
        return true
      },
    )
  }
})

test('a local path may have what addresses have', () => {
  for (const [repo, url] of [
    ['/srv/http/a.git', 'file:///srv/http/a.git'],
    ['./https/a@v1.git', 'file:///srv/listing%20folder/https/a@v1.git'],
    ['/srv/12:30/a b', 'file:///srv/12:30/a%20b'],
    ['file:///srv/a%3Ab@c', 'file:///srv/a:b@c'],
    ['file:https/a', 'file:///srv/listing%20folder/https/a'],
  ] as const) {
    assert.equal(parse(repo).url, url)
  }
})

test('any text is an address or a TypeError', () => {
  const start = fc.constantFrom('', 'https://', 'ssh://', 'file:', 'file:///', 'git@host:', 'a:b@')
  const text = fc.oneof(fc.string({ unit: 'binary-ascii' }), fc.string({ unit: 'binary' }))
  fc.assert(
    fc.property(start, text, (scheme, rest) => {
      try {
        const { url } = parse(scheme + rest)
        assert.match(url, /^(?:https?|ssh|file):\/\//)
      } catch (error) {
        assert.ok(error instanceof TypeError, String(error))
      }
    }),
    { numRuns: 3000 },
  )
})
