import assert from 'node:assert/strict'
import {
  chmodSync,
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { MODE } from '../../src/git/tree.js'
import { toBytePath, toFsPath } from '../../src/publish/byte-path.js'
import { inspect, publish, unpublish } from '../../src/publish/publication.js'
import { fsError, recordCalls, withGate } from '../helpers/fs-faults.js'
import type { CommitFiles } from '../helpers/git-commit.js'
import { memoryTarget } from '../helpers/git-target.js'
import { createSite, identity, namesIn, type TestSite } from '../helpers/publish-site.js'
import { readTree } from '../helpers/same-tree.js'
import { addBlob, addTree } from '../helpers/tree-model.js'

const GITLINK = '5'.repeat(40)
const none = () => undefined

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

describe('what is published in place', () => {
  test('counts what it wrote and deleted, and reads only what is new', (t) => {
    const test = createSite(t)
    const first = test.commit({ a: '1', b: '2', 'd/c': '3', 'e/f': '4' })
    assert.deepEqual(test.publish(first), { filesWritten: 4, filesDeleted: 0 })
    const second = test.commit({ a: 'new', 'd/c': '3', 'e/g': '4' })
    assert.deepEqual(test.publish(second), { filesWritten: 2, filesDeleted: 2 })
    assert.deepEqual(second.reads, { trees: 2, blobs: 2, compared: 0 })
    const again = test.commit({ a: 'new', 'd/c': '3', 'e/g': '4' })
    assert.deepEqual(test.publish(again), { filesWritten: 0, filesDeleted: 0 })
    assert.deepEqual(again.reads, { trees: 0, blobs: 0, compared: 0 })
  })

  test('keeps inode and time of unchanged files, and gives changed ones a new inode', (t) => {
    const test = createSite(t)
    test.publish({ same: '1', 'd/same': '2', changed: '3', link: { symlink: 'same' } })
    const before = ['same', 'd/same', 'd', 'link'].map((name) => identity(test.at(name)))
    const changed = identity(test.at('changed'))
    test.publish({ same: '1', 'd/same': '2', changed: '4', link: { symlink: 'same' } })
    const after = ['same', 'd/same', 'd', 'link'].map((name) => identity(test.at(name)))
    assert.deepEqual(after, before)
    assert.notEqual(identity(test.at('changed')).ino, changed.ino)
  })

  test('leaves the old content to who holds the file open', (t) => {
    const test = createSite(t)
    test.publish({ changed: 'old', deleted: 'old' })
    const files = ['changed', 'deleted'].map((name) => openSync(test.at(name), 'r'))
    test.publish({ changed: 'a new and longer one' })
    for (const file of files) {
      assert.equal(readFileSync(file, 'utf8'), 'old')
      closeSync(file)
    }
  })

  test('has the permissions that the umask leaves', (t) => {
    const test = createSite(t)
    const files = { a: '1', 'd/x': { content: '2', executable: true } }
    const umask = process.umask(0o027)
    try {
      test.publish(files)
    } finally {
      process.umask(umask)
    }
    const modes = ['a', 'd', 'd/x'].map((name) => lstatSync(test.at(name)).mode & 0o777)
    assert.deepEqual(modes, [0o640, 0o750, 0o750])
  })

  test('never needed a change of mode, owner or time, nor a stat that follows links', (t) => {
    const test = createSite(t)
    test.publish(STEPS['symlinks, files and directories in turn']![0]![1])
    const target = test.commit(STEPS['symlinks, files and directories in turn']![3]![1])
    const calls = recordCalls(() => publish(test.site, target, none))
    const names = new Set(calls.map(({ name }) => name))
    assert.ok(names.has('renameSync'))
    const unwanted = [...names].filter((name) => /chmod|chown|times|truncate|^stat/.test(name))
    assert.deepEqual(unwanted, [])
  })

  test('is all staged before the first rename, and deletions come last', (t) => {
    const test = createSite(t)
    test.publish({ a: '1', b: '1', 'd/c': '1', 'e/f': '1' })
    const target = test.commit({ a: '2', b: '2', 'd/n': '1' })
    const calls = recordCalls(() => publish(test.site, target, none))
    const isPublished = ({ paths }: { paths: string[] }) =>
      paths.some((file) => !file.startsWith(test.at('.git-autosync')) && file !== test.volume)
    const changes = calls.filter(
      (call) => /open|rename|unlink|rmdir|symlink|mkdir/.test(call.name) && isPublished(call),
    )
    const kinds = changes.map(({ name, paths }) => `${name} ${path.basename(paths.at(-1) ?? '')}`)
    assert.deepEqual(kinds, [
      'renameSync a',
      'renameSync b',
      'renameSync n',
      'unlinkSync c',
      'unlinkSync f',
      // Not empty.
      'rmdirSync d',
      'rmdirSync e',
    ])
    const lastWrite = calls.findLastIndex(({ name }) => name === 'openSync')
    assert.ok(
      lastWrite < calls.findIndex((call) => call.name === 'renameSync' && isPublished(call)),
    )
  })

  test('costs a change in a large tree only what changed', (t) => {
    const test = createSite(t)
    const files = Object.fromEntries(
      Array.from({ length: 2_000 }, (_, n) => [`d${n % 40}/f${n}`, `${n}`]),
    )
    test.publish(files)
    const target = test.commit({ ...files, 'd7/f7': 'new' })
    const calls = recordCalls(() => publish(test.site, target, none))
    assert.ok(calls.length < 60, `${calls.length} calls`)
    test.assertPublished(target)
  })
})

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
      assert.equal(inspect(site), undefined)
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

describe('adoption', () => {
  const files = { a: '1', 'd/b': '2', 'd/c': '3', x: { content: '4', executable: true } } as const
  const link = { l: { symlink: 'a' } } as const

  for (const withState of [false, true]) {
    test(`keeps what is right, ${withState ? 'also with STATE_DIR' : 'with the state lost'}`, (t) => {
      const test = createSite(t, { stateDirectory: withState })
      const target = test.commit({ ...files, ...link })
      test.publish(target)
      const state = test.site.stateDirectory ?? test.at('.git-autosync')
      rmSync(state, { recursive: true })
      assert.equal(inspect(test.site), undefined)
      writeFileSync(test.at('d/b'), '!')
      chmodSync(test.at('x'), 0o644)
      const right = ['a', 'd/c', 'l'].map((name) => identity(test.at(name)))
      assert.deepEqual(test.publish(target), { filesWritten: 2, filesDeleted: 0 })
      assert.deepEqual(
        ['a', 'd/c', 'l'].map((name) => identity(test.at(name))),
        right,
      )
      assert.equal(inspect(test.site), target.commit)
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
    assert.equal(inspect(test.site), undefined)
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
        assert.equal(inspect(test.site), undefined)
        assert.equal(inspect(test.site), undefined)
        assert.ok(test.publish(target).filesWritten > 0)
        assert.equal(inspect(test.site), target.commit)
        assert.deepEqual(readTree(test.outside), outside)
      })

      test(`${name}${withState ? ', with STATE_DIR' : ''}: the next commit deletes what it has not`, (t) => {
        const test = createSite(t, { stateDirectory: withState })
        test.publish(files)
        drift(test)
        assert.equal(inspect(test.site), undefined)
        test.publish({ n: '1', 'd/c': '3' })
      })

      test(`${name}${withState ? ', with STATE_DIR' : ''}: unpublish removes what is left`, (t) => {
        const test = createSite(t, { stateDirectory: withState })
        test.publish(files)
        drift(test)
        assert.equal(inspect(test.site), undefined)
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

  test('is not what a foreign file is', (t) => {
    const test = createSite(t)
    const target = test.commit(files)
    test.publish(target)
    writeFileSync(test.at('d/foreign'), '1')
    assert.equal(inspect(test.site), target.commit)
  })
})

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
        assert.equal(inspect(test.site), first.commit)
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
    assert.equal(inspect(test.site), undefined)
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

describe('the published directory', () => {
  test('is made with all above it', (t) => {
    const test = createSite(t)
    const directory = path.join(test.volume, 'a/b/c')
    publish({ ...test.site, directory }, test.commit({ f: '1' }), none)
    assert.deepEqual(namesIn(directory), ['.git-autosync', 'f'])
  })

  test('keeps its own inode, as a mount needs', (t) => {
    const test = createSite(t)
    mkdirSync(test.directory)
    const { ino } = statSync(test.directory)
    for (const files of [{ a: '1' }, {}, { 'd/a': '1' }]) test.publish(files)
    assert.equal(statSync(test.directory).ino, ino)
  })

  test('has nothing of STATE_DIR, which may be anywhere', (t) => {
    const test = createSite(t, { stateDirectory: true })
    const long = path.join(test.volume, 'n'.repeat(255))
    const site = { ...test.site, directory: long }
    const target = test.commit({ f: '1', 'd/e': '1' })
    publish(site, target, none)
    assert.deepEqual(namesIn(long), ['d', 'f'])
    assert.equal(inspect(site), target.commit)
    unpublish(site)
    assert.ok(!existsSync(long))
  })
})

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
