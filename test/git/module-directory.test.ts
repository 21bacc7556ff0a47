import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { moduleDirectory } from '../../src/git/module-directory.js'
import fc from '../helpers/fast-check.js'

describe('the directory of a submodule', () => {
  const CASES: [string, string][] = [
    ['lib', 'lib'],
    ['leaf x', 'leaf x'],
    ['lib/zip', 'lib%2fzip'],
    ['lib%2fzip', 'lib%252fzip'],
    ['.', '%2e'],
    ['.git', '%2egit'],
    ['at end ', 'at end%20'],
    ['caf\xe9\xff', 'caf%e9%ff'],
    ['a\rb\\c', 'a%0db%5cc'],
  ]
  for (const [name, directory] of CASES) {
    test(`${JSON.stringify(name)} is ${directory}`, () => {
      assert.equal(moduleDirectory(name), directory)
    })
  }

  test('is not that of a shorter name where it is cut', () => {
    for (let count = 300; count < 308; count++) {
      const cut = moduleDirectory(`/${'x'.repeat(count)}`)
      // The one name that could be encoded so.
      const short = cut.replace(/%([0-9a-f]{2})/g, (_, hex) =>
        String.fromCharCode(Number.parseInt(hex, 16)),
      )
      assert.notEqual(moduleDirectory(short), cut)
    }
  })

  test('is one name that a volume takes, and another for each', () => {
    const name = fc.string({
      unit: fc.constantFrom('a', '/', '.', '%', ' ', '2f', '\xff', 'x'.repeat(80)),
      minLength: 1,
      maxLength: 12,
    })
    fc.assert(
      fc.property(name, name, (one, other) => {
        const found = [one, other].map((each) => moduleDirectory(each))
        for (const each of found) assert.match(each, /^[ -$&-\-0-[\]-~%][ -.0-~]{0,254}$/)
        assert.equal(found[0] === found[1], one === other)
      }),
    )
  })
})
