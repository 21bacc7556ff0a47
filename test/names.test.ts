// No two files of src declare a type, an interface or a class of one name: a name means one thing.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'

const DECLARATION =
  /^\s*(?:export )?(?:abstract )?(?:type|interface|class|enum) (?<name>[A-Z]\w*)(?=<| =| \{| extends| implements)/gm

/** The names of types that more than one of the files declares, with these files. */
function findDoubles(sources: ReadonlyMap<string, string>): Map<string, string[]> {
  const files = new Map<string, Set<string>>()
  for (const [file, source] of sources) {
    for (const { groups } of source.matchAll(DECLARATION)) {
      const name = groups?.['name'] ?? ''
      files.set(name, (files.get(name) ?? new Set()).add(file))
    }
  }
  const doubles = [...files].filter(([, declaring]) => declaring.size > 1)
  return new Map(doubles.map(([name, declaring]) => [name, [...declaring].sort()]))
}

function readSources(root: string): Map<string, string> {
  const names = readdirSync(root, { recursive: true, encoding: 'utf8' })
  const files = names.filter((name) => name.endsWith('.ts'))
  return new Map(files.map((name) => [name, readFileSync(path.join(root, name), 'utf8')]))
}

describe('src', () => {
  // Tests run in the repository's root, as npm does.
  const sources = readSources(path.resolve('src'))

  test('declares no type of one name in two files', () => {
    assert.deepEqual([...findDoubles(sources)], [])
  })
})

test('every kind of declaration counts, exported or not, once for each file', () => {
  const sources = new Map([
    ['a.ts', 'export interface A {}\nclass B<T> {}\nexport type C = 1\nenum D { x }\ntype E = 2\n'],
    ['b.ts', 'interface A {}\nexport abstract class B {}\n\n  type C = 2\nexport enum D { y }\n'],
    ['c.ts', 'type F = 1\n// type E is another matter\nconst type = "type F"\nexport class F {}\n'],
  ])
  const doubles = ['A', 'B', 'C', 'D'].map((name) => [name, ['a.ts', 'b.ts']])
  assert.deepEqual([...findDoubles(sources)], doubles)
})
