import assert from 'node:assert/strict'
import { test } from 'node:test'
import { JsonSyntaxError, parseJson } from '../../src/base/json.js'
import fc from '../helpers/fast-check.js'

test('what JSON.parse accepts is returned, with or without a byte order mark', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = JSON.stringify(value)
      assert.deepEqual(parseJson(text), JSON.parse(text))
      assert.deepEqual(parseJson(`\uFEFF${text}`), JSON.parse(text))
    }),
  )
})

const faults: [string, number, number, RegExp][] = [
  ['', 1, 1, /the text is empty/],
  [' \n ', 2, 2, /the text is empty/],
  ['[', 1, 2, /ends before the last \[ is closed/],
  ['[\n  {"a": 1', 2, 10, /ends before the last \{ is closed/],
  ['[1,\n2,\n]', 3, 1, /a comma too many/],
  ['{"a": 1,}', 1, 9, /a comma too many/],
  ['{"a": }', 1, 7, /a value is missing/],
  ['{"a" 1}', 1, 6, /expected a colon/],
  ['[1 2]', 1, 4, /expected a comma or \]/],
  ['{"a": 1 "b": 2}', 1, 9, /expected a comma or \}/],
  ['{a: 1}', 1, 2, /field name in double quotes/],
  ["['a']", 1, 2, /strings take double quotes/],
  ['[\n  // one\n]', 2, 3, /no comments/],
  ['["a\nb"]', 1, 2, /does not end on its line/],
  ['["\\x"]', 1, 2, /bad escape/],
  ['[01]', 1, 2, /expected a value/],
  ['[True]', 1, 2, /expected a value/],
  ['[] []', 1, 4, /nothing after the end/],
  ['{"a": [1, {"b": ]}', 1, 17, /a value is missing/],
  ['[}', 1, 2, /expected a value/],
  ['{]', 1, 2, /expected a field name/],
  ['\uFEFF[,]', 1, 2, /expected a value/],
  ['path: a', 1, 1, /expected a value/],
]

for (const [text, line, column, message] of faults) {
  test(`${JSON.stringify(text)} fails at ${line}:${column}`, () =>
    assert.throws(() => parseJson(text), { name: 'JsonSyntaxError', line, column, message }))
}

test('a text with one character changed is parsed, or fails at a place within it', () => {
  const mutated = fc
    .tuple(
      fc.json(),
      fc.nat(),
      fc.constantFrom('', ',', '"', '}', ']', '{', '[', ':', '0', '\\', ' '),
    )
    .map(([json, at, char]) => {
      const index = at % (json.length + 1)
      return json.slice(0, index) + char + json.slice(index + 1)
    })
  fc.assert(
    fc.property(mutated, (text) => {
      try {
        parseJson(text)
      } catch (error) {
        assert.ok(error instanceof JsonSyntaxError)
        const lines = text.split('\n')
        assert.ok(error.line <= lines.length)
        assert.ok(error.column <= (lines[error.line - 1]?.length ?? 0) + 1)
      }
    }),
    { numRuns: 1000 },
  )
})

test('the message never quotes the text', () => {
  const text = '[{"repo": "https://user:secret@host/x.git" "branch": "main"}]'
  assert.throws(
    () => parseJson(text),
    (error: Error) => !error.message.includes('secret'),
  )
})
