import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compileWildmatch } from '../../../src/git/attributes/wildmatch.js'
import fc from '../../helpers/fast-check.js'
import { askGit, askUs, type Files } from './attribute-peer.js'

const CASES: [pattern: string, text: string, name: boolean, path: boolean][] = [
  ['', '', true, true],
  ['a', 'a', true, true],
  ['a', 'A', false, false],
  ['a', 'ab', false, false],
  ['*', '', true, true],
  ['*', 'a', true, true],
  ['*', 'a/b', true, false],
  ['*.c', 'a.c', true, true],
  ['*.c', 'a/b.c', true, false],
  ['*.c', '.c', true, true],
  ['*.c', 'c', false, false],
  ['a*c', 'abbc', true, true],
  ['a*c*e', 'abcde', true, true],
  ['a*c*e', 'abce/e', true, false],
  ['?', 'a', true, true],
  ['?', '/', true, false],
  ['?', '', false, false],
  ['**', 'a/b', true, true],
  ['a/**', 'a/b/c', true, true],
  ['a/**', 'a', false, false],
  ['a/**/b', 'a/b', false, true],
  ['a/**/b', 'a/x/y/b', true, true],
  ['a/**/b', 'ab', false, false],
  ['a/*/b', 'a/x/b', true, true],
  ['a/*/b', 'a/x/y/b', true, false],
  ['x**/b', 'xa/b', true, true],
  ['x**/b', 'xa/c/b', true, false],
  ['**/b', 'b', false, true],
  ['**/b', 'a/c/b', true, true],
  ['**/b', 'bb', false, false],
  ['**/b', 'ab', false, false],
  ['***/b', 'b', false, true],
  ['**\\/b', 'b', false, false],
  ['**\\/b', 'a/c/b', true, true],
  ['\\*', '*', true, true],
  ['\\*', 'a', false, false],
  ['\\a', 'a', true, true],
  ['a\\', 'a', false, false],
  ['a\\', 'a\\', false, false],
  ['[ab]', 'b', true, true],
  ['[!ab]', 'b', false, false],
  ['[^ab]', 'c', true, true],
  ['[!a]', '/', true, false],
  ['[a-c]', 'b', true, true],
  ['[c-a]', 'b', false, false],
  ['[a-]', '-', true, true],
  ['[-a]', '-', true, true],
  ['[]]', ']', true, true],
  ['[]-a]', '^', true, true],
  ['[!]a]', 'b', true, true],
  ['[\\]]', ']', true, true],
  ['[a-\\c]', 'b', true, true],
  ['[a-c-e]', 'd', false, false],
  ['[[:digit:]]', '7', true, true],
  ['[[:digit:][:upper:]x]', 'x', true, true],
  ['[![:digit:]]', '7', false, false],
  ['[[:space:]]', '\v', false, false],
  ['[[:alpha:]]', '\xe9', false, false],
  ['[[:none:]]', 'n', false, false],
  ['[[:alpha]', ':', true, true],
  ['[[:]', ':', true, true],
  ['[a', 'a', false, false],
  ['[a', '[a', false, false],
  ['[', '[', false, false],
  ['[a\\', 'a', false, false],
  ['[\xe0-\xff]', '\xe9', true, true],
]

for (const [pattern, text, name, path] of CASES) {
  test(`${JSON.stringify(pattern)} and ${JSON.stringify(text)}`, () => {
    assert.equal(compileWildmatch(pattern, { pathname: false })(text), name)
    assert.equal(compileWildmatch(pattern, { pathname: true })(text), path)
  })
}

test('a pattern of many asterisks is matched in no time', () => {
  const isMeant = compileWildmatch(`${'a*'.repeat(500)}b`, { pathname: true })
  assert.equal(isMeant('a'.repeat(4000)), false)
  assert.equal(isMeant(`${'a'.repeat(4000)}b`), true)
})

const FRAGMENTS = [
  ...['a', 'b', 'c', '.', '-', '\xe9', '/', '/', '*', '*', '**', '**/', '/**', '?', '\\', '!', '"'],
  ...['[ab]', '[!a]', '[^b-c]', '[]a]', '[a-]', '[[:alpha:]]', '[[:punct:]-]', '[[:x:]]', '[:]'],
  ...['[', ']', '\\*', '\\/', '[\\]a]', '[+--]', '[[:alnum:', '[\xe0-\xff]', '\\\\', '"a b"', '#'],
]
const patterns = fc
  .array(fc.constantFrom(...FRAGMENTS), { minLength: 1, maxLength: 6 })
  .map((parts) => parts.join(''))
const paths = fc
  .array(
    fc
      .array(fc.constantFrom('a', 'b', 'c', '.a', '-', '\xe9', '*', '[', ']', '\\', ' ', '"'), {
        minLength: 1,
        maxLength: 3,
      })
      .map((parts) => parts.join('')),
    { minLength: 1, maxLength: 4 },
  )
  .map((names) => names.join('/'))

test('patterns mean the paths that they mean for git', (t) => {
  fc.assert(
    fc.property(
      fc.array(patterns, { minLength: 1, maxLength: 60 }),
      fc.array(paths, { minLength: 1, maxLength: 40 }),
      (lines, names) => {
        const files: Files = Object.fromEntries(
          lines.map((line, index) => [
            `d${index}/.gitattributes`,
            Buffer.from(`${line} ident`, 'latin1'),
          ]),
        )
        const all = lines.flatMap((_, index) => names.map((name) => `d${index}/${name}`))
        assert.deepEqual(askUs(files, all), askGit(t, files, all))
      },
    ),
    { numRuns: 25 },
  )
})
