import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseRemoteUrl } from '../../src/git/remote-url.js'

const parse = (repo: string) => parseRemoteUrl(repo, '/base')

const accepted: [string, 'http' | 'ssh' | 'local', string][] = [
  ['https://host/a.git', 'http', 'https://host/a.git'],
  ['http://host:8080/a/', 'http', 'http://host:8080/a'],
  ['https://host:443/a%20b', 'http', 'https://host/a%20b'],
  ['https://host/%40scope/a', 'http', 'https://host/%40scope/a'],
  ['ssh://git@host:22/a.git', 'ssh', 'ssh://git@host:22/a.git'],
  ['git+ssh://host/a', 'ssh', 'ssh://host/a'],
  ['git@host:a.git', 'ssh', 'ssh://git@host/~/a.git'],
  ['git@host:~/a.git', 'ssh', 'ssh://git@host/~/a.git'],
  ['git_server:/home/git/a.git', 'ssh', 'ssh://git_server/home/git/a.git'],
  ['git@[::1]:a b', 'ssh', 'ssh://git@[::1]/~/a%20b'],
  ['/srv/a.git/', 'local', 'file:///srv/a.git'],
  ['a.git', 'local', 'file:///base/a.git'],
  ['.', 'local', 'file:///base'],
  ['./a:b', 'local', 'file:///base/a:b'],
  ['../a b', 'local', 'file:///a%20b'],
  ['file:///srv/a%20b/', 'local', 'file:///srv/a%20b'],
  ['file://localhost/srv/a', 'local', 'file:///srv/a'],
  ['file:/srv/a', 'local', 'file:///srv/a'],
  ['file:a.git', 'local', 'file:///base/a.git'],
  ['file:..', 'local', 'file:///'],
  ['file:.', 'local', 'file:///base'],
]

for (const [repo, transport, url] of accepted) {
  test(`${repo} is ${url}`, () =>
    assert.deepEqual(parse(repo), { transport, url, credentials: undefined }))
}

const rejected: [string, RegExp][] = [
  ['https://', /is not a valid URL/],
  ['https://host/a?b=c', /must not have a query/],
  ['https://host/a#b', /must not have a query or a fragment/],
  ['https://host/a b', /white space/],
  ['https://host\\a', /backslashes/],
  ['https://host:1/b@c', /write %40/],
  ['https:/host/a', /needs \/\/ after its scheme/],
  ['SSH:host/a', /needs \/\/ after its scheme/],
  ['user:password@host/a', /without its scheme/],
  ['ssh://user:password@host/a', /must not hold a password/],
  ['ssh://host', /names no path/],
  ['ftp://host/a', /unknown scheme ftp:/],
  ['file://host/a', /names a host/],
]

for (const [repo, message] of rejected) {
  test(`${repo} is rejected`, () =>
    assert.throws(() => parse(repo), { name: 'TypeError', message }))
}

test('credentials are set apart and decoded', () => {
  assert.deepEqual(parse('https://us%40er:p%2Fss@host/a'), {
    transport: 'http',
    url: 'https://host/a',
    credentials: { username: 'us@er', password: 'p/ss' },
  })
  assert.deepEqual(parse('https://token@host/a').credentials, { username: 'token', password: '' })
  assert.deepEqual(parse('https://u:50%@host/a').credentials, { username: 'u', password: '50%' })
})
