import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { resolveSubmoduleUrl } from '../../src/git/submodule-url.js'
import fc from '../helpers/fast-check.js'
import { createRepo, gitEnvironment, type TestScope, tempDir } from '../helpers/git.js'

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
