// The rooms of publish/, and the two rules they keep.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { readImportGraph } from '../helpers/import-graph.js'
import { filesEntered } from '../helpers/reach.js'

/** Each imports only from itself and those before it. */
const ROOMS = [
  'tree',
  'lease',
  'target.ts',
  'own-directories.ts',
  'snapshot',
  'history',
  'drift',
  'publisher.ts',
  'stage',
  'update',
  'in-place',
  'symlink',
  'at-target.ts',
  'repository.ts',
  'held-publication.ts',
  'publication.ts',
]

/** What is no volume, or not yet behind it. */
const OUTSIDE_VOLUME = ['lease/process-identity.ts']

const FOLDER = path.resolve('src/publish')

describe('publish/', () => {
  const graph = readImportGraph(FOLDER)
  const roomOf = (file: string) => ROOMS.indexOf(file.split('/')[0] as string)

  test('has these rooms, which import one way', () => {
    const faults = [...graph].flatMap(([file, imports]) =>
      imports
        .filter((imported) => !imported.startsWith('../') && roomOf(imported) > roomOf(file))
        .map((imported) => `${file} imports ${imported}`),
    )
    assert.deepEqual(faults, [])
    const rooms = new Set([...graph.keys()].map((file) => file.split('/')[0] as string))
    assert.deepEqual([...rooms].sort(), [...ROOMS].sort())
  })

  test('begins a publication in few files, in each mode', () => {
    const [folder, file, name] = ['src/publish', 'publication.ts', 'begin'] as const
    // What the other mode alone enters, and how many files are few.
    const modes = { symlink: 34, directory: 36 }
    const without = Object.keys(modes).map((other) => [other])
    const found = filesEntered({ checkout: '.', folder, file, name }, without)
    for (const [at, most] of Object.values(modes).entries()) {
      const files = [...(found[at]?.keys() ?? [])].sort()
      assert.ok(files.includes('update/update.ts'))
      assert.ok(files.length <= most, files.join(' '))
    }
  })

  test('touches the file system by way of volume/ only', () => {
    const touching = [...graph.keys()].filter((file) => {
      const source = readFileSync(path.join(FOLDER, file), 'utf8')
      const [, named] = /^import (.*) from 'node:fs(?:\/promises)?'$/m.exec(source) ?? []
      const values = named?.replace(/^type .*|[{}\s]|\btype \w+|\bconstants\b/g, '')
      return values !== undefined && values.replaceAll(',', '') !== ''
    })
    assert.deepEqual(touching, OUTSIDE_VOLUME)
  })
})
