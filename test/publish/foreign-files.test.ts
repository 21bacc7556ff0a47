import assert from 'node:assert/strict'
import {
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { unpublish } from '../../src/publish/publication.js'
import { fsError, withGate } from '../helpers/fs-faults.js'
import type { CommitFiles } from '../helpers/git-commit.js'
import { intactCommit } from '../helpers/intact-commit.js'
import { publish } from '../helpers/publish.js'
import { createSite, namesIn, type TestSite } from '../helpers/publish-site.js'
import { readTree } from '../helpers/same-tree.js'

const none = () => undefined

describe('what this service did not write', () => {
  test('stays where nothing else must go', (t) => {
    const test = createSite(t)
    mkdirSync(test.at('foreign'), { recursive: true })
    writeFileSync(test.at('foreign/file'), 'foreign')
    mkdirSync(test.at('d'))
    writeFileSync(test.at('d/foreign'), 'foreign')
    publish(test.site, test.commit({ a: '1', 'd/a': '1' }), none)
    publish(test.site, test.commit({ a: '1' }), none)
    publish(test.site, test.commit({}), none)
    assert.deepEqual([...readTree(test.directory).keys()].sort(), [
      'd',
      'd/foreign',
      'foreign',
      'foreign/file',
    ])
    unpublish(test.site)
    assert.deepEqual(namesIn(test.directory), ['d', 'foreign'])
  })

  test('is replaced where a file, a directory or a symlink must go', (t) => {
    const test = createSite(t)
    mkdirSync(test.directory)
    writeFileSync(test.at('file'), 'foreign')
    symlinkSync(test.outside, test.at('link'))
    writeFileSync(test.at('directory'), 'foreign')
    mkdirSync(test.at('empty/empty'), { recursive: true })
    test.publish({ file: '1', link: { symlink: 'file' }, 'directory/a/b': '1', empty: '1' })
  })

  test('in a directory where a file must go blocks the whole commit', (t) => {
    const test = createSite(t)
    const first = { a: '1', 'd/own': '1' }
    test.publish(first)
    mkdirSync(test.at('d/e'))
    writeFileSync(test.at('d/e/foreign'), 'foreign')
    const before = readTree(test.volume)
    const target = test.commit({ a: '2', d: 'file', n: 'new' })
    assert.throws(() => publish(test.site, target, none), {
      code: 'path-blocked',
      message: /d\/e\/foreign/,
    })
    assert.deepEqual(readTree(test.volume), before)
    rmSync(test.at('d/e'), { recursive: true })
    test.publish(target)
  })

  test('blocks a first publication, which leaves nothing behind', (t) => {
    const test = createSite(t, { stateDirectory: true })
    mkdirSync(test.at('d'), { recursive: true })
    writeFileSync(test.at('d/foreign'), 'foreign')
    assert.throws(() => publish(test.site, test.commit({ d: '1' }), none), { code: 'path-blocked' })
    assert.deepEqual(namesIn(test.directory), ['d'])
    test.publish({ 'd/foreign': 'own' })
  })

  test('is never written or deleted through a symlink', (t) => {
    const test = createSite(t)
    test.publish({ 'd/a': '1', 'd/b': '1', 'd/c': '1', 'e/f/g': '1', 'e/f/h': '1', z: '1' })
    for (const [name, moved] of [
      ['d', 'd'],
      ['e/f', 'f'],
    ] as const) {
      rmSync(test.at(name), { recursive: true })
      mkdirSync(path.join(test.outside, moved))
      symlinkSync(path.join(test.outside, moved), test.at(name))
      for (const file of 'abcgh') writeFileSync(path.join(test.outside, moved, file), 'foreign')
    }
    const before = readTree(test.outside)
    publish(test.site, test.commit({ 'd/a': '2', 'e/f/g': '2', 'e/f/i': '1' }), none)
    assert.deepEqual(readTree(test.outside), before)
    assert.ok(lstatSync(test.at('d')).isDirectory())
    assert.equal(readFileSync(test.at('e/f/i'), 'utf8'), '1')
  })

  test('is not deleted through a symlink that replaces only deletions', (t) => {
    const test = createSite(t)
    test.publish({ 'd/a': '1', z: '1' })
    rmSync(test.at('d'), { recursive: true })
    symlinkSync(test.outside, test.at('d'))
    writeFileSync(path.join(test.outside, 'a'), 'foreign')
    publish(test.site, test.commit({ z: '1' }), none)
    assert.deepEqual(namesIn(test.outside), ['a'])
    unpublish(test.site)
    assert.deepEqual(namesIn(test.outside), ['a'])
  })

  test('is not deleted through a symlink that the commit itself brings', (t) => {
    const test = createSite(t)
    test.publish({ 'd/a': '1', 'd/b': '1' })
    rmSync(test.at('d/a'))
    writeFileSync(path.join(test.outside, 'a'), 'foreign')
    test.publish({ d: { symlink: test.outside } })
    assert.deepEqual(namesIn(test.outside), ['a'])
    test.publish({ 'd/a': '1' })
    assert.equal(readFileSync(path.join(test.outside, 'a'), 'utf8'), 'foreign')
  })

  test('that is a symlink in place of the root or a file there is left alone', (t) => {
    const test = createSite(t)
    const target = test.commit({ a: '1' })
    writeFileSync(test.directory, 'foreign')
    for (const mode of ['in-place', 'symlink'] as const) {
      const site = { ...test.site, mode }
      assert.throws(() => publish(site, target, none), { code: 'path-blocked' })
      assert.equal(intactCommit(site), undefined)
      unpublish(site)
    }
    assert.equal(readFileSync(test.directory, 'utf8'), 'foreign')
    rmSync(test.directory)
    mkdirSync(path.join(test.outside, '.git-autosync'))
    symlinkSync(test.outside, test.directory)
    assert.throws(() => publish(test.site, target, none), { code: 'path-blocked' })
    unpublish(test.site)
    assert.equal(readlinkSync(test.directory), test.outside)
    assert.deepEqual(namesIn(test.outside), ['.git-autosync'])
    assert.deepEqual(namesIn(test.volume), ['site'])
  })
})

describe('something that comes in the way between planning and applying', () => {
  /** Publishes, and does `change` just before the first rename into the published directory. */
  function publishWith(test: TestSite, files: CommitFiles, change: () => void): () => void {
    const target = test.commit(files)
    let done = false
    return () =>
      withGate(
        ({ name, paths }) => {
          const into = paths.at(-1) ?? ''
          if (done || name !== 'renameSync' || into.includes('.git-autosync')) return
          done = true
          change()
        },
        () => publish(test.site, target, none),
      )
  }

  test('a directory where a file goes', (t) => {
    const test = createSite(t)
    test.publish({ a: '1', b: '1', c: '1', z: '1' })
    const files = { a: '2', b: '2', c: '2' }
    const blocked = publishWith(test, files, () => {
      rmSync(test.at('b'))
      mkdirSync(test.at('b'))
      writeFileSync(test.at('b/foreign'), '1')
    })
    assert.throws(blocked, { code: 'path-blocked' })
    assert.equal(intactCommit(test.site), undefined)
    assert.throws(() => test.publish(files), { code: 'path-blocked' })
    rmSync(test.at('b'), { recursive: true })
    test.publish(files)
  })

  test('a symlink where a directory was', (t) => {
    const test = createSite(t)
    test.publish({ 'd/a': '1', 'd/b': '1', z: '1' })
    const files = { a: '1', 'd/a': '2', 'd/c': '1' }
    writeFileSync(path.join(test.outside, 'b'), 'foreign')
    const blocked = publishWith(test, files, () => {
      rmSync(test.at('d'), { recursive: true })
      symlinkSync(test.outside, test.at('d'))
    })
    assert.throws(blocked, { code: 'path-blocked' })
    assert.deepEqual(namesIn(test.outside), ['b'])
    test.publish(files)
    assert.deepEqual(namesIn(test.outside), ['b'])
  })

  for (const code of ['EXDEV', 'EBUSY']) {
    test(`a volume that refuses one rename with ${code}`, (t) => {
      const test = createSite(t)
      test.publish({ a: '1', b: '1', z: '1' })
      const target = test.commit({ a: '2', b: '2' })
      const refused = () =>
        withGate(
          ({ name, paths }) => {
            if (name === 'renameSync' && paths.at(-1) === test.at('a')) throw fsError(code)
          },
          () => publish(test.site, target, none),
        )
      assert.throws(refused, { code: 'path-blocked', message: /site\/a / })
      assert.equal(readFileSync(test.at('b'), 'utf8'), '2')
      test.publish(target)
    })
  }
})
