import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseGitmodules } from '../../src/git/gitmodules.js'
import { failsWith } from '../helpers/fails-with.js'

const parse = (text: string) => [...parseGitmodules(Buffer.from(text)).values()]

test('reads where the submodules are, and which are left out', () => {
  const text = `[submodule "one"]
  path = libs/one
  url = ../one.git
  branch = main
[submodule "two"]
  url = https://git.example/two
  update = none
  path = "libs/t w o"
[submodule "two"]
  url = https://git.example/again`
  assert.deepEqual(parse(text), [
    { name: 'one', path: 'libs/one', url: '../one.git', isSkipped: false },
    { name: 'two', path: 'libs/t w o', url: 'https://git.example/again', isSkipped: true },
  ])
})

test('passes over what git passes over', () => {
  assert.deepEqual(parse('[submodule "../../hooks"]\npath = a\nurl = ../b'), [])
  assert.deepEqual(parse('[submodule "a\\\\..\\\\b"]\npath = a\nurl = ../b'), [])
  assert.deepEqual(parse('[submodule]\npath = a\nurl = ../b'), [])
  assert.deepEqual(parse('[submodule "a"]\nurl = ../b'), [])
  assert.deepEqual(parse('[submodule "a"]\npath = -b\nurl = ../b'), [])
  const [option] = parse('[submodule "a"]\npath = a\nurl = --upload-pack=evil')
  assert.equal(option?.url, undefined)
})

test('refuses a file that git cannot read', () => {
  const refused = failsWith('submodule-invalid', /^Line 2 of .gitmodules/)
  assert.throws(() => parse('[submodule "a"]\npath a'), refused)
})
