// Commits to publish one over the other: every kind of change that there is.
import { toBytePath } from '../../src/volume/byte-path.js'
import type { CommitFiles } from './git-commit.js'

/** A commit that no repository of the tests has. */
export const GITLINK = '5'.repeat(40)

/** Each step is published over the one before. */
export const STEPS: Record<string, [step: string, files: CommitFiles][]> = {
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

/** Commits whose paths are all of another kind. */
export const KINDS: CommitFiles[] = [
  { x: 'file', a: '1', s: { symlink: 'a' } },
  { 'x/a': '1', 'x/b/c': '2', s: 'file', 'a/b': { gitlink: GITLINK } },
  { x: { symlink: 'a' }, 's/x': '1', 'a/b/c': '1' },
  { x: { gitlink: GITLINK }, a: { content: '1', executable: true } },
  {},
]

function oddNames(content: string): CommitFiles {
  const names = ['-rf', '--', ' ', 'a\nb', '"q"', "'", '$HOME', '*', 'a\\b', '\xff\xfe', '\xc3\xa9']
  names.push('x'.repeat(255), toBytePath('日本語'), '\x01', 'con', 'a.', '...', '.gitignore', '~')
  return Object.fromEntries(names.map((name) => [name, content]))
}
