import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { MODE } from '../../src/git/tree.js'
import { toBytePath, toFsPath } from '../../src/publish/byte-path.js'
import { collect, inspect, unpublish } from '../../src/publish/publication.js'
import type { CommitFile, CommitFiles } from '../helpers/git-commit.js'
import { createSite, namesIn } from '../helpers/publish-site.js'
import { trees } from '../helpers/tree-arbitrary.js'
import { isTree, type ModelTree } from '../helpers/tree-model.js'

const GITLINK = '5'.repeat(40)

/** Each step is published over the one before. */
const STEPS: Record<string, [step: string, files: CommitFiles][]> = {
  'edits, additions and deletions': [
    ['start', { a: '1', b: '2', 'd/c': '3', 'd/e/f': '4' }],
    ['edit', { a: '1 edited', b: '2', 'd/c': '3 edited', 'd/e/f': '4' }],
    ['add', { a: '1 edited', b: '2', 'd/c': '3 edited', 'd/e/f': '4', 'd/e/g': '5', 'x/y/z': '6' }],
    ['delete', { a: '1 edited', 'd/e/g': '5' }],
    ['all at once', { b: '2', 'd/e/g': '', 'd/h/i': '7' }],
  ],
  'files that become directories and back': [
    ['file', { x: 'file', 'd/x': 'file' }],
    ['directory', { 'x/a': '1', 'x/b/c': '2', 'd/x/y/z': '3' }],
    ['file again', { x: 'file', 'd/x': 'file' }],
    ['the directory above, too', { x: 'file', d: 'file' }],
    ['and back', { 'x/x/x': '1', 'd/x/y': '2' }],
  ],
  'symlinks, files and directories in turn': [
    ['symlink', { x: { symlink: 'a' }, y: { symlink: 'd' }, 'd/a': '1', a: '1' }],
    ['re-targeted', { x: { symlink: 'nowhere' }, y: { symlink: '../..' }, 'd/a': '1', a: '1' }],
    ['file', { x: 'file', y: 'file', 'd/a': '1', a: { symlink: 'd/a' } }],
    ['directory', { 'x/x': '1', 'y/y': '1', d: { symlink: 'x' }, 'a/a': { symlink: '../x' } }],
    ['symlink again', { x: { symlink: 'y' }, 'y/y': { symlink: 'y' }, a: { symlink: '/' } }],
  ],
  'executable bits': [
    ['off', { a: '#!', b: { content: '#!', executable: true } }],
    ['flipped', { a: { content: '#!', executable: true }, b: '#!' }],
    ['back', { a: '#!', b: { content: '#!', executable: true } }],
  ],
  'empty trees': [
    ['empty at first', {}],
    ['full', { a: '1', 'd/e/f': '2' }],
    ['empty again', {}],
    ['empty still', {}],
    ['full again', { 'd/e/f': '2' }],
  ],
  gitlinks: [
    ['alone', { sub: { gitlink: GITLINK } }],
    ['nested', { 'd/sub': { gitlink: GITLINK }, sub: { gitlink: GITLINK }, a: '1' }],
    ['a file in its place', { 'd/sub': '1', sub: { symlink: 'd' } }],
    ['gitlinks again', { 'd/sub': { gitlink: GITLINK }, sub: { gitlink: GITLINK } }],
    ['a directory in its place', { 'd/sub/a/b': '1', 'sub/a': '1', 'sub/b': '1' }],
    [
      'gitlinks in place of directories',
      { 'd/sub': { gitlink: GITLINK }, sub: { gitlink: GITLINK } },
    ],
    ['another commit of it', { 'd/sub': { gitlink: '6'.repeat(40) }, sub: { gitlink: GITLINK } }],
    ['gone', { a: '1' }],
    ['only gitlinks below', { 'a/b/c': { gitlink: GITLINK } }],
    ['the directory above is a file', { a: '1' }],
  ],
  'names of all kinds': [
    ['added', oddNames('1')],
    ['edited', oddNames('2')],
    [
      'as directories',
      Object.fromEntries(Object.keys(oddNames('')).map((name) => [`${name}/${name}`, name])),
    ],
    ['as files again', oddNames('3')],
    [
      'below a directory',
      Object.fromEntries(Object.keys(oddNames('')).map((name) => [`d/${name}`, name])),
    ],
    ['which becomes a file', { d: '1' }],
  ],
  'deep paths': [
    ['deep', { [`${'d/'.repeat(999)}f`]: '1' }],
    ['edited', { [`${'d/'.repeat(999)}f`]: '2' }],
    [
      'longer names',
      { [`${`${'n'.repeat(200)}/`.repeat(12)}f`]: '1', [`${'d/'.repeat(100)}f`]: '1' },
    ],
    ['gone', {}],
  ],
  'empty and large files': [
    ['empty', { a: '', b: Buffer.alloc(3_000_000, 'b') }],
    ['exchanged', { a: Buffer.alloc(3_000_000, 'a'), b: '' }],
  ],
}

for (const withState of [false, true]) {
  describe(`in place, ${withState ? 'with STATE_DIR' : 'with state beside the files'}`, () => {
    for (const [name, steps] of Object.entries(STEPS)) {
      test(`${name}: each step equals git's checkout`, (t) => {
        const test = createSite(t, { stateDirectory: withState })
        for (const [, files] of steps) {
          const target = test.commit(files)
          test.publish(target)
          assert.deepEqual(namesIn(test.at('.git-autosync')), withState ? undefined : ['snapshot'])
          assert.equal(inspect(test.site), target.commit)
        }
        unpublish(test.site)
        assert.deepEqual(namesIn(test.volume), [])
        if (test.site.stateDirectory) assert.deepEqual(namesIn(test.site.stateDirectory), [])
      })
    }

    test('every step follows every other', (t) => {
      const test = createSite(t, { stateDirectory: withState })
      const targets = [
        { x: 'file', a: '1', s: { symlink: 'a' } },
        { 'x/a': '1', 'x/b/c': '2', s: 'file', 'a/b': { gitlink: GITLINK } },
        { x: { symlink: 'a' }, 's/x': '1', 'a/b/c': '1' },
        { x: { gitlink: GITLINK }, a: { content: '1', executable: true } },
        {},
      ].map(test.commit)
      for (const from of targets) {
        for (const to of targets) {
          test.publish(from)
          test.publish(to)
        }
      }
    })
  })
}

test('random trees, one after the other in either mode', (t) => {
  const test = createSite(t)
  const step = fc.record({ tree: trees, mode: fc.constantFrom('in-place', 'symlink') })
  fc.assert(
    fc.property(fc.array(step, { minLength: 2, maxLength: 4 }), (steps) => {
      for (const { tree, mode } of steps) {
        test.site = { ...test.site, mode }
        const target = test.commit(commitFilesOf(tree))
        test.publish(target)
        collect(test.site)
        assert.equal(inspect(test.site), target.commit)
      }
      unpublish(test.site)
      assert.deepEqual(namesIn(test.volume), [])
    }),
    { numRuns: 15 },
  )
})

test('a sha256 repository', (t) => {
  const test = createSite(t, { objectFormat: 'sha256' })
  test.publish({ a: '1', 'd/b': '2' })
  const target = test.commit({ a: '1', 'd/b': 'new', l: { symlink: 'a' } })
  assert.equal(test.publish(target).filesWritten, 2)
  assert.equal(inspect(test.site), target.commit)
  assert.equal(target.commit.length, 64)
})

function commitFilesOf(tree: ModelTree, directory = ''): CommitFiles {
  const entries = [...tree].flatMap(([name, node]): [string, CommitFile][] => {
    const at = directory + name
    if (isTree(node)) return Object.entries(commitFilesOf(node, `${at}/`))
    const { mode, content } = node
    if (mode === MODE.gitlink) return [[at, { gitlink: GITLINK }]]
    if (mode === MODE.symlink) return [[at, { symlink: content }]]
    return [[at, { content, executable: mode === MODE.executable }]]
  })
  return Object.fromEntries(entries)
}

function oddNames(content: string): CommitFiles {
  const names = ['-rf', '--', ' ', 'a\nb', '"q"', "'", '$HOME', '*', 'a\\b', '\xff\xfe', '\xc3\xa9']
  names.push('x'.repeat(255), toBytePath('日本語'), '\x01', 'con', 'a.', '...', '.gitignore', '~')
  return Object.fromEntries(names.map((name) => [name, content]))
}

test('a name that is no UTF-8 is written as the bytes it is', (t) => {
  const test = createSite(t)
  test.publish({ '\xff\xfe': '1' })
  const file = Buffer.concat([Buffer.from(`${test.directory}/`), toFsPath('\xff\xfe') as Buffer])
  assert.equal(readFileSync(file, 'utf8'), '1')
})
