// Trees whose attributes come, change and go, each written out: at the root and in folders,
// with macros, line ends, `$Id$` and encodings. Every file can be made of what was published.
import type { CommitFiles } from './git-commit.js'

/** Files that no step changes. */
const FILES: CommitFiles = {
  'a.txt': 'one\ntwo\n',
  'mixed.txt': 'one\r\ntwo\n',
  'crlf.txt': 'one\r\ntwo\r\n',
  'binary.bin': Buffer.from([0, 1, 2, 10, 13, 10, 0, 10]),
  empty: '',
  'no-end': 'no line end',
  'run.sh': { content: '#!/bin/sh\necho $Id$\n', executable: true },
  'id.c': 'a\n/* $Id$ */\n',
  'wide.utf16': 'wide \u00e4\u20ac\n',
  'folder/a.txt': 'one\ntwo\n',
  'folder/deep/a.txt': 'three\nfour\n',
  'folder/deep/id.c': '$Id$\n',
  'other/a.txt': 'five\nsix\n',
  link: { symlink: 'a.txt' },
  'folder/link.txt': { symlink: 'line\nline\n' },
  module: { gitlink: '1'.repeat(40) },
}

const LARGE = 'a line of a large file $Id$\n'.repeat(200_000)

/** By what they are about, in an order in which each step is an interesting one. */
export const ATTRIBUTE_HISTORY: Readonly<Record<string, CommitFiles>> = {
  'no attributes': FILES,
  'CRLF everywhere': { ...FILES, '.gitattributes': '* text=auto eol=crlf\n' },
  'a changed file and a large one': {
    ...FILES,
    '.gitattributes': '* text=auto eol=crlf\n',
    'a.txt': 'one\nand\ntwo\n',
    large: LARGE,
  },
  'a large file changed': {
    ...FILES,
    '.gitattributes': '* text=auto eol=crlf\n',
    large: `${LARGE}more\n`,
  },
  'exceptions in a folder': {
    ...FILES,
    '.gitattributes': '* text eol=crlf\n*.bin binary\nmixed.txt -text\n',
    'folder/.gitattributes': '*.txt -text\n',
    large: `${LARGE}more\n`,
  },
  'ident and encodings': {
    ...FILES,
    '.gitattributes': '*.c ident\n*.sh ident eol=crlf\n*.utf16 working-tree-encoding=UTF-16\n',
    'folder/deep/.gitattributes': '*.c -ident eol=crlf\n',
  },
  'ident and encodings, changed': {
    ...FILES,
    '.gitattributes': '*.c ident\n*.sh ident eol=crlf\n*.utf16 working-tree-encoding=UTF-16\n',
    'folder/deep/.gitattributes': '*.c -ident eol=crlf\n',
    'id.c': 'a\n/* $Id$ */\nb\n',
    'wide.utf16': 'wider \u00e4\u20ac\n',
  },
  'other encodings': {
    ...FILES,
    '.gitattributes': '*.c text\n*.utf16 working-tree-encoding=UTF-16BE eol=crlf\n',
    'wide.utf16': 'wider \u00e4\u20ac\n',
  },
  'macros, and a symlink for attributes': {
    ...FILES,
    '.gitattributes': '[attr]dos text eol=crlf\n*.txt dos\nother/* !text\n',
    'folder/.gitattributes': { symlink: 'a.txt -dos -text' },
  },
  'macros defined anew, attributes moved': {
    ...FILES,
    '.gitattributes': '[attr]dos -text\n*.txt dos\n',
    'other/.gitattributes': '[attr]dos text eol=crlf\n*.txt eol=crlf text\n',
  },
  'attributes that are converted themselves': {
    ...FILES,
    '.gitattributes': '* text eol=crlf\n*.bin -text\n.gitattributes working-tree-encoding=UTF-16\n',
    'folder/.gitattributes': '*.c text\n',
  },
  'those changed': {
    ...FILES,
    '.gitattributes': '* text eol=crlf\n*.bin -text\n.gitattributes ident\n# $Id$\n',
    'folder/.gitattributes': '*.c text\n*.txt eol=lf\n',
  },
  'folders that came, went and became files': {
    ...FILES,
    '.gitattributes': 'new/*.txt text eol=crlf\nmodule eol=crlf text\n',
    'new/a.txt': 'new\n',
    'new/folder/a.txt': 'new\n',
    'new/folder/.gitattributes': 'a.txt text eol=crlf\n',
    module: 'a file\n',
  },
  'no attributes any more': { ...FILES, 'new/a.txt': 'new\n' },
}
