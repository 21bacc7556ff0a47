import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findDuplicateKeys } from '../../src/base/json-duplicates.js'
import fc from '../helpers/fast-check.js'

const cases: [string, string[][]][] = [
  ['{"a": 1, "a": 2}', [['a']]],
  ['{"a": 1, "a": 2, "a": 3}', [['a'], ['a']]],
  ['[{"a": 1}, {"b": {"c": [], "d": {}, "c": 1}}]', [['1', 'b', 'c']]],
  ['[[1, 2], {"x": [{"y": 1, "y": 1}]}]', [['1', 'x', '0', 'y']]],
  ['{"\\u0061": 1, "a": 2}', [['a']]],
  ['{"a/b~": 1, "a/b~": 2}', [['a/b~']]],
  ['{"": 1, "": 2}', [['']]],
  ['{"a": {"a": {"a": 1}}, "b": "a"}', []],
  ['{"a": "{\\"a\\": 1, \\"a\\"", "b": ["a", "a", ",", "a"]}', []],
  ['"a"', []],
  ['[]', []],
]

for (const [json, paths] of cases) {
  test(`${json} has ${paths.length === 0 ? 'no' : paths.length} duplicates`, () =>
    assert.deepEqual(findDuplicateKeys(json), paths))
}

test('no value written by JSON.stringify has a field twice', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      assert.deepEqual(findDuplicateKeys(JSON.stringify(value, null, 1)), [])
    }),
  )
})

test('a field written again anywhere in an object is found there', () => {
  const entry = fc.dictionary(fc.string(), fc.jsonValue(), { minKeys: 1 })
  fc.assert(
    fc.property(entry, fc.nat(), (object, seed) => {
      const names = Object.keys(object)
      const name = names[seed % names.length] as string
      const json = `[0, ${JSON.stringify(object).slice(0, -1)}, ${JSON.stringify(name)}: []}]`
      assert.deepEqual(findDuplicateKeys(json), [['1', name]])
    }),
  )
})
