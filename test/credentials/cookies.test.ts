import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cookieHeaderFor } from '../../src/credentials/cookies.js'
import { isInvalid } from '../helpers/invalid-credentials.js'

const NOW_MS = Date.UTC(2024, 0, 1)
const NOW = NOW_MS / 1000

const row = (...fields: (string | number)[]) => fields.join('\t')

const find = (text: string, url: string) =>
  cookieHeaderFor(text, 'The cookie file /c', new URL(url), NOW_MS)

test('cookies go to their domain, path and scheme, until they expire', () => {
  const text = [
    '# Netscape HTTP Cookie File',
    '',
    row('git.example', 'FALSE', '/', 'TRUE', 0, 'o', 'session'),
    row('#HttpOnly_.git.example', 'TRUE', '/team/', 'FALSE', NOW + 1, 'deep', 'a=b c'),
    row('git.example', 'FALSE', '/', 'FALSE', NOW, 'old', 'expired'),
    row('other.example', 'TRUE', '/', 'FALSE', 0, 'other', 'x'),
    row('127.0.0.1', 'FALSE', '/', 'TRUE', 0, 'local', ''),
  ].join('\r\n')
  for (const [url, header] of [
    ['https://git.example/', 'o=session'],
    ['https://GIT.example/team/repo.git', 'deep=a=b c; o=session'],
    ['https://git.example/teams', 'o=session'],
    ['http://git.example/team', 'deep=a=b c'],
    ['http://git.example/', undefined],
    ['https://sub.git.example/team/x', 'deep=a=b c'],
    ['https://sub.git.example/', undefined],
    ['https://evilgit.example/team', undefined],
    ['https://example/', undefined],
    ['http://127.0.0.1:8080/r', 'local='],
  ] as const) {
    assert.equal(find(text, url), header, url)
  }
  assert.equal(find('', 'https://git.example/'), undefined)
})

test('a malformed line is an error with its number, and without its content', () => {
  const good = ['git.example', 'FALSE', '/', 'FALSE', '0', 'name', 's3cret']
  assert.equal(find(row(...good), 'https://git.example/'), 'name=s3cret')
  const words = /^The cookie file \/c: line 2 is not a cookie of seven fields between tabs$/
  for (const line of [
    'Set-Cookie: s3cret',
    good.join(' '),
    row(...good, 'more'),
    row(...good.slice(0, 5)),
    row(...good.with(1, 'yes')),
    row(...good.with(3, '')),
    row(...good.with(4, 'soon')),
    row(...good.with(6, 's3cret\0')),
  ]) {
    assert.throws(() => find(`# head\n${line}`, 'https://git.example/'), isInvalid(words), line)
  }
})
