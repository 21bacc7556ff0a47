// Content as we convert it, beside what a real clone has of it.

import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { AttributeStack } from '../../../src/git/attributes/attribute-stack.js'
import { convertPieces } from '../../../src/git/attributes/convert.js'
import { FileSource } from '../../../src/git/byte-source.js'
import { hashObject } from '../../../src/git/object.js'
import { openRegular } from '../../../src/volume/open-file.js'
import { atEnd } from '../../helpers/at-end.js'
import { convert } from '../../helpers/convert.js'
import fc from '../../helpers/fast-check.js'
import { tempDir } from '../../helpers/git.js'
import { checkOut, convertAll, type Files } from './attribute-peer.js'

const ENCODINGS = ['UTF-16', 'utf-16be', 'UTF-16LE-BOM', 'latin1', 'SHIFT-JIS', 'utf8', 'x-none']
const STATES = {
  text: ['', 'text', '-text', 'text=auto', 'crlf=auto'],
  eol: ['', 'eol=crlf', 'eol=lf'],
  ident: ['', 'ident'],
  encoding: ['', '', '', ...ENCODINGS.map((name) => `working-tree-encoding=${name}`)],
}
const attributes = fc
  .tuple(...Object.values(STATES).map((states) => fc.constantFrom(...states)))
  .map((states) => states.join(' '))
const FRAGMENTS = [
  ...[
    '\n',
    '\n',
    '\r\n',
    '\r',
    '$',
    '$Id',
    '$Id$',
    '$Id:',
    '$Id: ',
    ' $',
    'I',
    ':',
    ' ',
    '\t',
    '\0',
  ],
  ...['a', 'a line\n', '\x1a', '\x01', 'x'.repeat(130), '\xc3\xa9', '\xe3\x81\x82', '\xff', '\xc3'],
  ...['\xef\xbb\xbf', '\xe3\x80\x9c', '\xf0\x9f\x98\x80', '\xed\xa0\x80', '\\', '~'],
]
const contents = fc
  .array(fc.constantFrom(...FRAGMENTS), { maxLength: 12 })
  .map((parts) => Buffer.from(parts.join(''), 'latin1'))

/** Each file with attributes of its own. */
function treeOf(files: readonly (readonly [string, Buffer])[]): Files {
  const lines = files.map(([states], index) => `f${index} ${states}\n`)
  return {
    '.gitattributes': Buffer.from(lines.join('')),
    ...Object.fromEntries(files.map(([, body], index) => [`f${index}`, body])),
  }
}

/** Names and contents that differ, with the attributes. */
function differences(files: Files, ours: Map<string, Buffer>, theirs: Map<string, Buffer>) {
  const lines = String(files['.gitattributes']).split('\n')
  return [...theirs].flatMap(([name, body]) =>
    ours.get(name)?.equals(body)
      ? []
      : [
          {
            line: lines.find((line) => line.startsWith(`${name} `)),
            stored: files[name]?.toString('latin1').slice(0, 400),
            ours: ours.get(name)?.toString('latin1').slice(0, 400),
            theirs: body.toString('latin1').slice(0, 400),
          },
        ],
  )
}

test('any attributes and any content', (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(attributes, contents), { minLength: 1, maxLength: 200 }),
      (all) => {
        const files = treeOf(all)
        assert.deepEqual(differences(files, convertAll(files), checkOut(t, files)), [])
      },
    ),
    { numRuns: 25 },
  )
})

test('content of many windows, whatever lies where one ends', (t) => {
  const fillers = ['line\n', 'é']
  const seams = [
    '\r\n',
    '\n',
    '$Id$',
    '$Id: abc $',
    '$Idx$Id: 1$',
    '$Id: a b $',
    '😀',
    '〜',
    '$$Id$',
  ]
  const states = [
    'eol=crlf',
    'ident',
    'ident eol=crlf',
    'ident text=auto eol=crlf',
    'eol=crlf working-tree-encoding=UTF-16',
    'ident working-tree-encoding=SHIFT-JIS',
  ]
  const all = fillers.flatMap((filler) =>
    seams.flatMap((seam, index) => {
      const before = Buffer.alloc(2 * 65_536 - 1 - (index % 3), filler)
      const body = Buffer.concat([before, Buffer.from(seam), Buffer.from(filler.repeat(15_000))])
      return states.map((state) => [state, body] as const)
    }),
  )
  const files = treeOf(all)
  assert.deepEqual(differences(files, convertAll(files), checkOut(t, files)), [])
})

test('a blob in a file is converted like one in memory', (t) => {
  const body = Buffer.from('a line $Id$ and $Id: 1$\n$Id:\n'.repeat(5000))
  const oid = hashObject('blob', body, 'sha1')
  const file = path.join(tempDir(t), 'blob')
  writeFileSync(file, body)
  const lines = ['ident eol=crlf', 'ident text=auto eol=crlf', 'ident working-tree-encoding=UTF-32']
  for (const line of lines) {
    const conversion = AttributeStack.atRoot(Buffer.from(`* ${line}`)).conversionOf('a')
    const source = new FileSource(openRegular(file))
    atEnd(t, () => source.close())
    const pieces: Buffer[] = []
    for (const piece of convertPieces(source, conversion, oid)) pieces.push(Buffer.from(piece))
    assert.ok(pieces.length > 1)
    assert.ok(Buffer.concat(pieces).equals(convert(body, conversion, oid)), line)
  }
})

test('an attributes file is itself converted, and a directory of its name is none', (t) => {
  const files: Files = {
    '.gitattributes': Buffer.from('* eol=crlf\n'),
    'd/.gitattributes/x': Buffer.from('\n'),
  }
  assert.deepEqual(differences(files, convertAll(files), checkOut(t, files)), [])
})
