import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { moduleDirectory, parseGitmodules, resolveSubmoduleUrl } from '../../src/git/submodules.js'
import { failsWith } from '../helpers/fails-with.js'
import fc from '../helpers/fast-check.js'
import { createRepo, gitEnvironment, type TestScope, tempDir } from '../helpers/git.js'

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

const BASES = [
  'https://git.example/team/site.git',
  'https://user:secret@git.example/site/',
  'git@git.example:team/site.git',
  'git@git.example:site.git',
  'ssh://git@git.example:22/site.git',
  '/srv/git/site.git',
  'repos/site',
  '../repos/site',
  './site',
  'site',
]
const URLS = [
  '../a.git',
  './a',
  '../../a/',
  '../.././b/../c',
  'https://x.example/a',
  '/a',
  '.a/b',
  '..a',
]

test('leads where git says that it leads', (t) => {
  const ask = gitAsked(t)
  for (const base of BASES) {
    for (const url of URLS) assert.deepEqual(resolved(url, base), ask(url, base), `${url} ${base}`)
  }
})

test('any relative address leads where git says that it leads', (t) => {
  const ask = gitAsked(t)
  const part = fc.constantFrom('..', '.', 'a', 'b.git', '')
  const url = fc
    .tuple(fc.constantFrom('../', './'), fc.array(part, { minLength: 1, maxLength: 4 }))
    .map(([start, parts]) => `${start}${parts.join('/')}`)
  fc.assert(
    fc.property(url, fc.constantFrom(...BASES), (relative, base) => {
      assert.deepEqual(resolved(relative, base), ask(relative, base))
    }),
    { numRuns: 25 },
  )
})

function resolved(url: string, base: string): string | undefined {
  try {
    return resolveSubmoduleUrl(url, base)
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

/** What git takes the address of a submodule for; undefined where it refuses it. */
function gitAsked(t: TestScope): (url: string, base: string) => string | undefined {
  const repo = createRepo(path.join(tempDir(t), 'repo'))
  repo.git('update-index', '--add', '--cacheinfo', `160000,${'1'.repeat(40)},sub`)
  const run = (...args: string[]) =>
    spawnSync('git', args, { cwd: repo.dir, env: gitEnvironment(), encoding: 'utf8' })
  const config = path.join(repo.gitDir, 'config')
  const initial = readFileSync(config, 'utf8')
  return (url, base) => {
    writeFileSync(config, `${initial}[remote "origin"]\nurl = "${base}"\n`)
    repo.write({ '.gitmodules': `[submodule "sub"]\npath = sub\nurl = "${url}"\n` })
    // What `git submodule init` calls, without its shell.
    if (run('submodule--helper', 'init').status !== 0) return undefined
    return run('config', 'submodule.sub.url').stdout.replace(/\n$/, '')
  }
}

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
