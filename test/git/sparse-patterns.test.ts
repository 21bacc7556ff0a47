import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { SparsePatterns } from '../../src/git/sparse-patterns.js'
import fc from '../helpers/fast-check.js'
import { createRepo, type TestScope, tempDir } from '../helpers/git.js'

/** Paths of files, and of submodules, which end in a slash here. */
const PATHS = [
  '#c',
  '!n',
  'a',
  'a b ',
  'b/a',
  'b/c/a',
  'b/c/d',
  'b/d/e/f',
  'c/',
  'd/a/',
  'd/b',
  'e/e/e',
  'e/e/x.c',
  'f.c',
  'g/[x]',
  'g/\xe9',
  'g/\\',
]

const CASES: string[][] = [
  ['a'],
  ['/a'],
  ['/*'],
  ['/*', '!/*/'],
  ['/*', '!/*/', '/b/', '!/b/*/', '/b/c/'],
  ['b'],
  ['b/'],
  ['/b/'],
  ['!b', 'b/c/'],
  ['b/', '!b/c/', 'b/c/a'],
  ['a/'],
  ['c'],
  ['c/'],
  ['d/a/'],
  ['*.c', '!/e/'],
  ['**/e'],
  ['e/**', '!e/e/x.c'],
  ['b/**/f'],
  ['#c'],
  ['\\#c'],
  ['\\!n'],
  ['!n', 'a'],
  ['', ' ', '/'],
  ['a b'],
  ['a b\\ '],
  ['a b\\  '],
  ['a\r'],
  ['a '],
  ['a\\ \r'],
  ['g/\\[x\\]'],
  ['g/[x]'],
  ['g/\xe9'],
  ['\\\\'],
  ['g/\\\\ '],
  ['\\'],
  ['!'],
  ['//'],
  ['b//'],
  ['/b'],
  ['b/c/d/'],
]

test('wants the paths that git leaves in a sparse checkout', (t) => {
  const ask = gitAsked(t, PATHS)
  for (const lines of CASES) {
    assert.deepEqual(wantedOf(lines, PATHS), ask(lines), JSON.stringify(lines))
  }
})

test('has the verdict of git for any patterns', (t) => {
  const ask = gitAsked(t, PATHS)
  const part = fc.constantFrom('a', 'b', 'c', 'd', 'e', '*', '**', '?', '*.c', '[a-c]')
  const line = fc
    .record({
      isNegated: fc.boolean(),
      start: fc.constantFrom('', '/'),
      parts: fc.array(part, { minLength: 1, maxLength: 4 }),
      end: fc.constantFrom('', '', '/', ' ', '\\ ', '\r'),
    })
    .map(
      ({ isNegated, start, parts, end }) =>
        `${isNegated ? '!' : ''}${start}${parts.join('/')}${end}`,
    )
  fc.assert(
    fc.property(fc.array(line, { minLength: 1, maxLength: 5 }), (lines) => {
      assert.deepEqual(wantedOf(lines, PATHS), ask(lines))
    }),
    { numRuns: 60 },
  )
})

/** Asks git which of `paths` are in a checkout by some patterns. */
function gitAsked(t: TestScope, paths: readonly string[]): (lines: readonly string[]) => string[] {
  const repo = createRepo(path.join(tempDir(t), 'repo'))
  repo.git('config', 'core.sparseCheckout', 'true')
  const blob = repo.gitBytes(['hash-object', '-w', '--stdin'], { input: '' }).toString().trim()
  const index = paths.map((name) =>
    name.endsWith('/')
      ? `160000 ${'1'.repeat(40)}\t${name.slice(0, -1)}\0`
      : `100644 ${blob}\t${name}\0`,
  )
  const input = Buffer.from(index.join(''), 'latin1')
  repo.gitBytes(['update-index', '-z', '--index-info'], { input })
  const tree = repo.git('write-tree').trim()
  return (lines) => {
    const file = path.join(repo.dir, '.git/info/sparse-checkout')
    writeFileSync(file, lines.map((line) => `${line}\n`).join(''), 'latin1')
    repo.git('read-tree', '--empty')
    // What lies in a working tree counts as wanted: each time it is another one.
    const env = { GIT_WORK_TREE: tempDir(t) }
    repo.gitBytes(['read-tree', '-m', '-u', tree], { env })
    const listed = repo.gitBytes(['ls-files', '-t', '-z'], { env }).toString('latin1').split('\0')
    const wanted = listed.filter((row) => row.startsWith('H ')).map((row) => row.slice(2))
    return paths.filter((name) => wanted.includes(name.replace(/\/$/, '')))
  }
}

function wantedOf(lines: readonly string[], paths: readonly string[]): string[] {
  const patterns = new SparsePatterns(lines)
  return paths.filter((name) => {
    const parts = name.replace(/\/$/, '').split('/')
    return parts.reduce((isParentWanted, _, depth) => {
      const isDirectory = depth < parts.length - 1
      return patterns.isWanted(parts.slice(0, depth + 1).join('/'), isDirectory, isParentWanted)
    }, false)
  })
}
