import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { parseConfig } from '../../src/git/config.js'
import fc from '../helpers/fast-check.js'
import { gitEnvironment, type TestScope, tempDir } from '../helpers/git.js'
import { assertLinear } from '../helpers/growth.js'

const CASES = [
  '',
  '[core] bare = false\n\trepositoryFormatVersion = 1 ; and why\n',
  '\ufeff[a]\nb = c\n# d\n; e\n[Extensions]objectFormat="sha256"',
  '[submodule "libs/One"]\n\tpath = libs/One\n\turl = ../one.git # here\n',
  '[a "b\\"c\\\\d\\e"]\nf\n  g = \n h="" x',
  '[a.B.c]\nD-e = f',
  '[a]\nb = "c;d"#e\nf = g\\\n  h\ni = "j\\n\\t\\b\\"\\\\" k   l  \t',
  '[a]\r\nb = c\r\nd = e\r \r\n',
  '[a]b=c\n[d][e]f = g',
  '[a]\nb c',
  '[a]\n1b = c',
  '[a]\nb = "c',
  '[a]\nb = \\q',
  '[a "b]',
  '[a "b" ]',
  '[a b]',
  '[a\nb]',
  '[a_b]',
  '[a][]',
  '[.]',
  '[ "x"]\na = b',
  ' = x',
  '[a]\nb = c\\',
  '[a]\nb',
  '[a]\nb = c ; d\\\ne = f',
]

test('reads what git reads, and stumbles where git does', (t) => {
  const ask = gitAsked(t)
  for (const text of CASES) assert.deepEqual(said(text), ask(text), JSON.stringify(text))
})

test('reads any text as git does', (t) => {
  const ask = gitAsked(t)
  const piece = fc.constantFrom(
    ...[
      '[a]',
      '[b "C"]',
      '[',
      ']',
      '"',
      '\\',
      '\n',
      '\r\n',
      '\t',
      ' ',
      '=',
      '#',
      ';',
      'x',
      'Y',
      '\\n',
    ],
    ...['k = ', 'v', '.', '-', '1'],
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const text = `[a]${pieces.join('')}`
      assert.deepEqual(said(text), ask(text))
    }),
    { numRuns: 150 },
  )
})

test('a config of one long line is read at a price of its length', () => {
  assertLinear(50_000, (size) => {
    const { variables } = parseConfig(`[a]\nb = x${' '.repeat(size)}"y"`)
    assert.equal(variables[0]?.value?.length, size + 2)
  })
})

/** What we read, as `git config --list` has it; undefined where a line is faulty. */
function said(text: string): [key: string, value: string | undefined][] | undefined {
  const { variables, faultyLine } = parseConfig(text)
  if (faultyLine !== undefined) return undefined
  return variables.map(({ section, subsection, name, value }) => [
    [section, subsection, name].filter((part) => part !== undefined).join('.'),
    value,
  ])
}

function gitAsked(t: TestScope): (text: string) => ReturnType<typeof said> {
  const file = path.join(tempDir(t), 'config')
  return (text) => {
    writeFileSync(file, text)
    const args = ['config', '--file', file, '--no-includes', '--list', '-z']
    const { status, stdout } = spawnSync('git', args, { env: gitEnvironment(), encoding: 'utf8' })
    if (status !== 0) return undefined
    return stdout
      .split('\0')
      .slice(0, -1)
      .map((row) => {
        const end = row.indexOf('\n')
        return end < 0 ? [row, undefined] : [row.slice(0, end), row.slice(end + 1)]
      })
  }
}
