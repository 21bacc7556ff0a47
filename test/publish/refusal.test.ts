import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { MODE } from '../../src/git/tree.js'
import { fsError, withGate } from '../helpers/fs-faults.js'
import { memoryTarget } from '../helpers/git-target.js'
import { intactCommit } from '../helpers/intact-commit.js'
import { publish } from '../helpers/publish.js'
import { createSite } from '../helpers/publish-site.js'
import { readTree } from '../helpers/same-tree.js'
import { addBlob, addTree } from '../helpers/tree-model.js'

const none = () => undefined

describe('a commit that cannot be published', () => {
  const blob = '1'.repeat(40)
  const hostile: Record<string, { name: string; mode: number }[]> = Object.fromEntries([
    ...[
      '..',
      '.',
      '.git',
      '.GIT',
      'git~1',
      '.git.',
      '.git ',
      '.g\xe2\x80\x8cit',
      '.git::$DATA',
      '/x',
      'a/b',
      '.git-autosync',
    ].flatMap((name) => [
      [`the file ${name}`, [{ name, mode: MODE.file }]],
      [`the symlink ${name}`, [{ name, mode: MODE.symlink }]],
      [`the gitlink ${name}`, [{ name, mode: MODE.gitlink }]],
    ]),
    ['a name of 256 bytes', [{ name: 'x'.repeat(256), mode: MODE.file }]],
    [
      'a name twice',
      [
        { name: 'x', mode: MODE.file },
        { name: 'x', mode: MODE.symlink },
      ],
    ],
    [
      'names out of order',
      [
        { name: 'y', mode: MODE.file },
        { name: 'x', mode: MODE.file },
      ],
    ],
    ['an unknown mode', [{ name: 'x', mode: 0o060000 }]],
    ['a mode of no kind', [{ name: 'x', mode: 0o000644 }]],
  ])

  for (const [name, entries] of Object.entries(hostile)) {
    for (const below of [false, true]) {
      test(`${name}${below ? ', in a directory' : ''}, is refused whole`, (t) => {
        const test = createSite(t)
        const first = test.commit({ a: '1' })
        test.publish(first)
        const objects = new Map([[blob, Buffer.from('x')]])
        const listed = entries.map((entry) => ({ ...entry, oid: blob }))
        const bad = addTree(listed, objects)
        const good = { name: 'a', mode: MODE.file, oid: addBlob('2', objects) }
        const tree = below
          ? addTree([good, { name: 'd', mode: MODE.tree, oid: bad }], objects)
          : bad
        const target = memoryTarget('e'.repeat(40), tree, objects)
        const before = readTree(test.volume)
        assert.throws(() => publish(test.site, target, none), { code: 'unsafe-tree' })
        assert.deepEqual(readTree(test.volume), before)
        assert.equal(intactCommit(test.site), first.commit)
      })
    }
  }

  for (const [name, symlink] of Object.entries({
    empty: '',
    'with a NUL': 'a\0b',
    'of 5,000 bytes': 'x'.repeat(5_000),
  })) {
    test(`for a symlink whose target is ${name} changes nothing`, (t) => {
      const test = createSite(t)
      const first = test.commit({ a: '1' })
      test.publish(first)
      const before = readTree(test.volume)
      const target = test.commit({ a: '2', l: { symlink: Buffer.from(symlink) } })
      assert.throws(() => publish(test.site, target, none), { code: 'unsafe-tree' })
      assert.deepEqual(readTree(test.volume), before)
    })
  }

  test('for a path longer than the system takes changes nothing', (t) => {
    const test = createSite(t)
    const first = test.commit({ a: '1' })
    test.publish(first)
    const before = readTree(test.volume)
    for (const long of [`${'d'.repeat(250)}/`.repeat(17), 'd/'.repeat(2_040)]) {
      const target = test.commit({ a: '2', [`${long}f`]: '1' })
      assert.throws(() => publish(test.site, target, none), { code: 'unsafe-tree' })
    }
    assert.deepEqual(readTree(test.volume), before)
  })

  test('for want of room leaves nothing staged', (t) => {
    const test = createSite(t)
    test.publish({ a: '1' })
    const before = readTree(test.volume)
    const target = test.commit({ a: '2', b: '2' })
    let writes = 0
    const full = () =>
      withGate(
        ({ name }) => {
          if (name === 'writeSync' && ++writes === 2) throw fsError('ENOSPC')
        },
        () => publish(test.site, target, none),
      )
    assert.throws(full, { code: 'volume-full' })
    assert.deepEqual(readTree(test.volume), before)
    test.publish(target)
  })

  test('for want of an object changes nothing', (t) => {
    const test = createSite(t)
    test.publish({ a: '1' })
    const before = readTree(test.volume)
    const { commit, tree, readTree: read } = test.commit({ a: '2', b: '2' })
    const target = { ...memoryTarget(commit, tree, new Map()), readTree: read }
    assert.throws(() => publish(test.site, target, none), /no object/)
    assert.deepEqual(readTree(test.volume), before)
  })

  test('as the work was given up changes nothing, and is asked before every file', (t) => {
    const test = createSite(t)
    test.publish({ a: '1' })
    const before = readTree(test.volume)
    const target = test.commit({ a: '2', b: '2', 'd/c': '2' })
    let asked = 0
    publish(createSite(t).site, target, () => asked++)
    assert.ok(asked > 4)
    for (let last = 1; last <= asked; last++) {
      let calls = 0
      const checkpoint = () => {
        if (++calls === last) throw fsError('given up')
      }
      assert.throws(() => publish(test.site, target, checkpoint), /given up/)
      assert.deepEqual(readTree(test.volume), before)
    }
  })
})
