import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { inspect, unpublish } from '../../src/publish/publication.js'
import { intactCommit } from '../helpers/intact-commit.js'
import { publish } from '../helpers/publish.js'
import { createSite, identity, namesIn, type TestSite } from '../helpers/publish-site.js'
import { readTree } from '../helpers/same-tree.js'

describe('adoption', () => {
  const files = { a: '1', 'd/b': '2', 'd/c': '3', x: { content: '4', executable: true } } as const
  const link = { l: { symlink: 'a' } } as const

  for (const withState of [false, true]) {
    test(`keeps what is right, ${withState ? 'also with STATE_DIR' : 'with the state lost'}`, (t) => {
      const test = createSite(t, { stateDirectory: withState })
      const target = test.commit({ ...files, ...link })
      test.publish(target)
      const state = test.site.stateRoot ?? test.at('.git-autosync')
      rmSync(state, { recursive: true })
      assert.equal(intactCommit(test.site), undefined)
      writeFileSync(test.at('d/b'), '!')
      chmodSync(test.at('x'), 0o644)
      const right = ['a', 'd/c', 'l'].map((name) => identity(test.at(name)))
      assert.deepEqual(test.publish(target), { filesWritten: 2, filesDeleted: 0 })
      assert.deepEqual(
        ['a', 'd/c', 'l'].map((name) => identity(test.at(name))),
        right,
      )
      assert.equal(intactCommit(test.site), target.commit)
    })
  }

  test('replaces what is right in content but not in kind', (t) => {
    const test = createSite(t)
    mkdirSync(test.directory)
    writeFileSync(path.join(test.outside, 'a'), '1')
    symlinkSync(path.join(test.outside, 'a'), test.at('a'))
    writeFileSync(test.at('l'), 'a')
    symlinkSync('b', test.at('m'))
    assert.deepEqual(
      test.publish({ a: '1', l: { symlink: 'a' }, m: { symlink: 'a' } }).filesWritten,
      3,
    )
  })

  test('of a damaged snapshot is no different', (t) => {
    const test = createSite(t)
    test.publish(files)
    const before = identity(test.at('a'))
    writeFileSync(test.at('.git-autosync/snapshot'), 'damaged')
    assert.equal(intactCommit(test.site), undefined)
    test.publish({ ...files, 'd/b': 'new' })
    assert.deepEqual(identity(test.at('a')), before)
  })
})

describe('drift', () => {
  const files = { a: '1', 'd/b': '2', 'd/c': '3', x: { content: '4', executable: true } } as const
  const drifts: Record<string, (test: TestSite) => void> = {
    'a file was edited': ({ at }) => writeFileSync(at('d/b'), 'edited'),
    'a file was edited to the same size': ({ at }) => writeFileSync(at('d/b'), '!'),
    'a file was deleted': ({ at }) => rmSync(at('d/b')),
    'a directory was deleted': ({ at }) => rmSync(at('d'), { recursive: true }),
    'a file became a directory': ({ at }) => {
      rmSync(at('a'))
      mkdirSync(at('a'))
    },
    'a file became a symlink': ({ at }) => {
      rmSync(at('a'))
      symlinkSync('d/b', at('a'))
    },
    'a file lost its executable bit': ({ at }) => chmodSync(at('x'), 0o644),
    'a directory became a symlink to its copy': ({ at, outside }) => {
      rmSync(at('d'), { recursive: true })
      symlinkSync(outside, at('d'))
      writeFileSync(path.join(outside, 'b'), '2')
      writeFileSync(path.join(outside, 'c'), '3')
    },
  }

  for (const withState of [false, true]) {
    for (const [name, drift] of Object.entries(drifts)) {
      test(`${name}${withState ? ', with STATE_DIR' : ''}: seen, and repaired`, (t) => {
        const test = createSite(t, { stateDirectory: withState })
        const target = test.commit(files)
        test.publish(target)
        drift(test)
        const outside = readTree(test.outside)
        assert.equal(intactCommit(test.site), undefined)
        assert.equal(intactCommit(test.site), undefined)
        assert.ok(test.publish(target).filesWritten > 0)
        assert.equal(intactCommit(test.site), target.commit)
        assert.deepEqual(readTree(test.outside), outside)
      })

      test(`${name}${withState ? ', with STATE_DIR' : ''}: the next commit deletes what it has not`, (t) => {
        const test = createSite(t, { stateDirectory: withState })
        test.publish(files)
        drift(test)
        assert.equal(intactCommit(test.site), undefined)
        test.publish({ n: '1', 'd/c': '3' })
      })

      test(`${name}${withState ? ', with STATE_DIR' : ''}: unpublish removes what is left`, (t) => {
        const test = createSite(t, { stateDirectory: withState })
        test.publish(files)
        drift(test)
        assert.equal(intactCommit(test.site), undefined)
        const outside = readTree(test.outside)
        unpublish(test.site)
        assert.deepEqual(readTree(test.outside), outside)
        assert.ok((namesIn(test.directory) ?? []).every((left) => left === 'd'))
      })
    }
  }

  test('of the whole directory with STATE_DIR is noticed without an inspection', (t) => {
    const test = createSite(t, { stateDirectory: true })
    test.publish(files)
    rmSync(test.directory, { recursive: true })
    test.publish({ ...files, n: '1' })
  })

  for (const mode of ['in-place', 'symlink'] as const) {
    test(`that comes after a look is left to the next one, so that all is told, ${mode}`, (t) => {
      const test = createSite(t, { mode })
      const target = test.commit(files)
      test.publish(target)
      const drift = () => inspect(test.site).drift?.paths
      writeFileSync(test.at('a'), 'edited')
      assert.deepEqual(drift(), ['a'])
      writeFileSync(test.at('d/b'), 'edited')
      assert.equal(publish(test.site, target, () => undefined).filesWritten, 1)
      assert.deepEqual(drift(), ['d/b'])
      test.publish(target)
      assert.equal(drift(), undefined)
    })
  }

  test('is not what a foreign file is', (t) => {
    const test = createSite(t)
    const target = test.commit(files)
    test.publish(target)
    writeFileSync(test.at('d/foreign'), '1')
    assert.equal(intactCommit(test.site), target.commit)
  })
})
