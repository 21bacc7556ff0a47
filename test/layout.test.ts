// The plan of the house: a folder imports only from itself and those before it,
// and no file imports itself by way of others.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import {
  findCycles,
  findOrderFaults,
  importSpecifiers,
  readImportGraph,
} from './helpers/import-graph.js'

const ORDER = [
  'base',
  'thread',
  'volume',
  'git',
  'ssh',
  'signature',
  'credentials',
  'transport',
  'lfs',
  'remote',
  'pack',
  'publish',
  'worker',
  'listing',
  'schedule',
  'hooks',
  'sync',
  'observe',
  'server',
  'root',
  'front',
  'programs',
]

describe('src', () => {
  // Tests run in the repository's root, as npm does.
  const graph = readImportGraph(path.resolve('src'))

  test('is read', () => {
    assert.ok(graph.size > 10)
    assert.ok(graph.get('sync/events.ts')?.includes('base/errors.ts'))
  })

  test('has imports of one direction', () => {
    assert.deepEqual(findOrderFaults(graph, ORDER), [])
  })

  test('has front ends that know nothing of each other', () => {
    const ends = readdirSync('src/front')
    assert.ok(ends.includes('git-autosync'))
    const isOther = (end: string, file: string) =>
      file.startsWith('front/') && !file.startsWith(`front/${end}/`)
    for (const end of ends) {
      const own = [...graph].filter(([file]) => file.startsWith(`front/${end}/`))
      const others = own.flatMap(([, imports]) => imports.filter((file) => isOther(end, file)))
      assert.deepEqual(others, [], end)
    }
  })

  test('has no import cycle', () => {
    assert.deepEqual(findCycles(graph), [])
  })

  test('is as docs/architecture.md shows it', () => {
    const page = readFileSync('docs/architecture.md', 'utf8')
    const folders = ORDER.filter((layer) => !['root', 'programs'].includes(layer))
    assert.deepEqual(firstCells(page, 'Folders'), folders)
    const files = readdirSync('src').flatMap((name) => /^(.+)\.ts$/.exec(name)?.[1] ?? [])
    assert.deepEqual(firstCells(page, 'Beside the folders').sort(), files.sort())
    const rooms = readdirSync('src/publish')
    assert.deepEqual(firstCells(page, 'Rooms of publish/').sort(), rooms.sort())
  })
})

/** What the first column of a section's table names. */
function firstCells(page: string, section: string): string[] {
  const [, text = ''] = page.split(`## ${section}\n`)
  const [table = ''] = text.split('\n## ')
  const cells = [...table.matchAll(/^\| (`[^|]*) \|/gm)].map(([, cell = '']) => cell)
  return cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name))
}

describe('the check itself', () => {
  test('sees every kind of import', () => {
    const source = `import a from './a.js'
import type { B } from "../b.js"
import {
  c,
} from './c.js'
import './d.js'
export * from './e.js'
export { f } from './f.js'
import g from './g.json' with { type: 'json' }
import ajv from 'ajv'
const late = await import('./h.js')
const worker = new URL('./i.js', import.meta.url)
const text = './no.js'
`
    const expected = ['./a.js', '../b.js', './c.js', './d.js', './e.js', './f.js', './g.json']
    assert.deepEqual(importSpecifiers(source), [...expected, './h.js', './i.js'])
  })

  test('finds an import of a later folder, and an unknown folder', () => {
    const graph = new Map([
      ['base/a.ts', ['git/b.ts', 'base/c.ts']],
      ['git/b.ts', ['base/a.ts', 'run.ts', 'front/x/c.ts']],
      ['run.ts', ['git/b.ts', 'main.ts']],
      ['front/x/c.ts', ['run.ts']],
      ['main.ts', ['front/x/c.ts']],
      ['attic/x.ts', []],
    ])
    assert.deepEqual(findOrderFaults(graph, ORDER), [
      'base/a.ts imports git/b.ts',
      'git/b.ts imports run.ts',
      'git/b.ts imports front/x/c.ts',
      'run.ts imports main.ts',
      'attic/x.ts is in no known folder',
    ])
  })

  test('finds cycles, and takes a shared import for none', () => {
    const graph = new Map([
      ['a', ['b', 'c']],
      ['b', ['c']],
      ['c', ['d']],
      ['d', ['b']],
    ])
    assert.deepEqual(findCycles(graph), ['b → c → d → b'])
  })
})
