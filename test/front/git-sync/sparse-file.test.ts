// A sparse-checkout file, as git itself takes it the way that git-sync has it: in a new worktree, by
// `git sparse-checkout init`.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { sparsePatterns } from '../../../src/front/git-sync/sparse-file.js'
import { SparsePatterns } from '../../../src/git/sparse-patterns.js'
import fc from '../../helpers/fast-check.js'
import { createRepo, gitEnvironment, type TestScope, tempDir } from '../../helpers/git.js'

const PATHS = ['a/b/c/d.md', 'a/b/e', 'a/f', 'b/a/g', 'c/h', 'c/i.md', 'r.md', 'top', '\u00e9/j']

/** Files, by their lines. */
const FILES: readonly (readonly string[])[] = [
  ['a'],
  ['/a/'],
  ['a/b/'],
  ['/a/b/'],
  ['/*', '!/c'],
  ['docs/'],
  ['/docs/'],
  ['/top', '*.md'],
  ['/*', '!/*/'],
  ['/*', '!/*/', '/a/'],
  ['/*', '!/*/', '/a/', '!/a/*/'],
  ['/*', '!/*/', '/a/', '!/a/*/', '/a/b/'],
  ['/a/', '!/a/*/'],
  ['/a/', '/c/'],
  ['/a/b/c/'],
  ['/*'],
  ['/*/'],
  ['!/*/'],
  ['# words', '', '/a/'],
  ['/a/\r'],
  ['/a/', 'c'],
  ['/\u00e9/'],
  ['\u00e9'],
  [],
  ['# nothing'],
]

test('a sparse-checkout file leaves what git leaves by it', (t) => {
  const ask = gitAsked(t)
  for (const lines of FILES) {
    const text = lines.map((line) => `${line}\n`).join('')
    assert.deepEqual(wantedBy(text), ask(text), JSON.stringify(lines))
  }
})

test('cones leave what git leaves by them', (t) => {
  const ask = gitAsked(t)
  const directory = fc.constantFrom('/a/', '/a/b/', '/a/b/c/', '/b/', '/b/a/', '/c/', '/none/')
  const line = fc.oneof(
    directory,
    directory.map((name) => `!${name}*/`),
  )
  fc.assert(
    fc.property(fc.boolean(), fc.array(line, { minLength: 1, maxLength: 4 }), (hasTop, lines) => {
      const text = [...(hasTop ? ['/*', '!/*/'] : []), ...lines, ''].join('\n')
      assert.deepEqual(wantedBy(text), ask(text))
    }),
    { numRuns: 25 },
  )
})

/** Asks git which files are in a worktree by a file. */
function gitAsked(t: TestScope): (text: string) => string[] {
  const dir = tempDir(t)
  const repo = createRepo(path.join(dir, 'repo'))
  repo.commit('all', Object.fromEntries(PATHS.map((name) => [name, ''])))
  const worktree = path.join(dir, 'worktree')
  repo.git('worktree', 'add', '--no-checkout', '--detach', worktree)
  const git = (...args: string[]) =>
    execFileSync('git', args, { cwd: worktree, env: gitEnvironment(), stdio: 'pipe' }).toString()
  const file = path.resolve(worktree, git('rev-parse', '--git-path', 'info/sparse-checkout').trim())
  git('sparse-checkout', 'init')
  return (text) => {
    writeFileSync(file, text)
    git('sparse-checkout', 'init')
    git('reset', '--hard', '--quiet')
    const left = readdirSync(worktree, { recursive: true, encoding: 'utf8' })
    return PATHS.filter((name) => left.includes(name))
  }
}

function wantedBy(text: string): string[] {
  const patterns = new SparsePatterns(sparsePatterns(Buffer.from(text).toString('latin1')))
  return PATHS.filter((name) => {
    const parts = Buffer.from(name).toString('latin1').split('/')
    return parts.reduce((isParentWanted, _, depth) => {
      const isDirectory = depth < parts.length - 1
      return patterns.isWanted(parts.slice(0, depth + 1).join('/'), isDirectory, isParentWanted)
    }, false)
  })
}
