import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nearest, suggestion } from '../../src/base/did-you-mean.js'

const FIELDS = ['path', 'repo', 'branch', 'tag', 'commit', 'interval', 'required']

const pairs: [string, string | undefined][] = [
  ['brnch', 'branch'],
  ['barnch', 'branch'],
  ['Branch', 'branch'],
  ['branches', 'branch'],
  ['repos', 'repo'],
  ['require', 'required'],
  ['tags', 'tag'],
  ['intervall', 'interval'],
  ['color', undefined],
  ['', undefined],
  ['x'.repeat(10_000), undefined],
]

for (const [name, wanted] of pairs) {
  test(`"${name.slice(0, 20)}" is nearest to ${wanted}`, () =>
    assert.equal(nearest(name, FIELDS), wanted))
}

test('dashes and underscores count for nothing', () => {
  assert.equal(nearest('--http_port', ['--http-host', '--http-port']), '--http-port')
})

test('a suggestion is a question, or nothing', () => {
  assert.equal(suggestion('brnch', FIELDS), ' (did you mean "branch"?)')
  assert.equal(suggestion('zzz', FIELDS), '')
})
