import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { AttributeStack } from '../../../src/git/attributes/attribute-stack.js'
import { NO_CONVERSION } from '../../../src/git/attributes/conversion.js'
import fc from '../../helpers/fast-check.js'
import { askGit, askUs, type Files } from './attribute-peer.js'

/** The key of a file at the root. */
function keyOf(attributes: string, name = 'a'): string {
  return AttributeStack.atRoot(Buffer.from(attributes)).conversionOf(name).key
}

describe('what a line asks for', () => {
  const CASES: Record<string, string> = {
    '': '',
    'a text': '',
    'a text=auto': '',
    'a eol=lf': '',
    'a eol=crlf': 'eol=crlf',
    'a eol=CRLF': '',
    'a text eol=crlf': 'eol=crlf',
    'a -text eol=crlf': '',
    'a binary eol=crlf': '',
    'a crlf eol=crlf': 'eol=crlf',
    'a -crlf eol=crlf': '',
    'a -crlf text eol=crlf': 'eol=crlf',
    'a crlf=auto eol=crlf': 'eol=auto-crlf',
    'a text=auto eol=crlf': 'eol=auto-crlf',
    'a text=nonsense crlf=auto eol=crlf': 'eol=auto-crlf',
    'a text=input eol=crlf': 'eol=crlf',
    'a ident': 'ident',
    'a -ident': '',
    'a ident=yes': '',
    'a ident text eol=crlf': 'ident,eol=crlf',
    'a ident text=auto': 'ident=whole',
    'a ident text=auto eol=lf': 'ident',
    'a ident working-tree-encoding=UTF-16 eol=crlf': 'ident=whole,eol=crlf,encoding=UTF-16',
    'a ident working-tree-encoding=utf8': 'ident',
    'a working-tree-encoding=utf-16le-bom': 'encoding=UTF-16LE-BOM',
    'a -working-tree-encoding': '',
    'a diff merge=union': '',
  }
  for (const [line, key] of Object.entries(CASES)) {
    test(line || 'nothing', () => assert.equal(keyOf(line), key))
  }

  test('what cannot be done is named', () => {
    const of = (line: string) => AttributeStack.atRoot(Buffer.from(line)).conversionOf('a').ignored
    assert.deepEqual(of('a filter=lfs diff=lfs merge=lfs -text'), ['filter=lfs'])
    assert.deepEqual(of('a working-tree-encoding=x-none'), ['working-tree-encoding=x-none'])
    assert.deepEqual(of('a -filter'), [])
    assert.deepEqual(of('a eol=crlf ident'), [])
  })
})

describe('which line counts', () => {
  test('the last one of a file', () => {
    assert.equal(keyOf('a eol=crlf\na eol=lf'), '')
    assert.equal(keyOf('a eol=lf\n* eol=crlf'), 'eol=crlf')
    assert.equal(keyOf('a eol=crlf ident\na !eol'), 'ident')
  })

  test('the last attribute of a line, and a macro where it is set', () => {
    assert.equal(keyOf('a eol=lf eol=crlf'), 'eol=crlf')
    assert.equal(keyOf('[attr]dos eol=crlf\na dos eol=lf'), '')
    assert.equal(keyOf('[attr]dos eol=crlf\na eol=lf dos'), 'eol=crlf')
    assert.equal(keyOf('[attr]dos eol=crlf\na -dos'), '')
    assert.equal(keyOf('[attr]dos eol=crlf\na dos=yes'), '')
    assert.equal(keyOf('[attr]dos eol=crlf\n[attr]all dos ident\na all'), 'ident,eol=crlf')
    assert.equal(keyOf('[attr]one two ident\n[attr]two one eol=crlf\na one'), 'ident,eol=crlf')
  })

  test('a macro may be defined behind its use, anew, and in place of a built-in one', () => {
    assert.equal(keyOf('a dos\n[attr]dos eol=crlf'), 'eol=crlf')
    assert.equal(keyOf('[attr]dos ident\na dos\n[attr]dos eol=crlf'), 'eol=crlf')
    assert.equal(keyOf('[attr]binary ident\na binary eol=crlf'), 'ident,eol=crlf')
  })

  test('that of the deepest directory', () => {
    const root = AttributeStack.atRoot(Buffer.from('*.a eol=crlf\n[attr]dos eol=crlf'))
    const one = root.enter('one', Buffer.from('*.a eol=lf\n/x ident\n*.m dos'))
    const two = one.enter('one/two', Buffer.from('[attr]dos ident\n*.n dos\nd/*.a ident'))
    const three = two.enter('one/two/d', undefined)
    const keys = [
      root.conversionOf('x.a'),
      one.conversionOf('one/x.a'),
      one.conversionOf('one/x'),
      two.conversionOf('one/two/x'),
      two.conversionOf('one/two/x.m'),
      two.conversionOf('one/two/x.n'),
      three.conversionOf('one/two/d/x.a'),
    ].map(({ key }) => key)
    assert.deepEqual(keys, ['eol=crlf', '', 'ident', '', 'eol=crlf', 'eol=crlf', 'ident'])
  })
})

test('directories without a line that matters share one stack', () => {
  const root = AttributeStack.atRoot(undefined)
  assert.equal(root.enter('a', undefined), root)
  assert.equal(root.enter('a', Buffer.from('* diff export-ignore\n[attr]x text')), root)
  assert.equal(root.conversionOf('a/b'), NO_CONVERSION)
  assert.notEqual(root.enter('a', Buffer.from('* binary')), root)
})

test('files of like attributes share one conversion', () => {
  const root = AttributeStack.atRoot(Buffer.from('* eol=crlf\n*.a ident'))
  assert.equal(root.conversionOf('a'), root.enter('d', Buffer.from('x')).conversionOf('d/b'))
  assert.notEqual(root.conversionOf('a'), root.conversionOf('a.a'))
})

const states = fc.constantFrom(
  ...['text', '-text', '!text', 'text=auto', 'text=x', 'crlf', '-crlf', 'crlf=auto', 'eol=lf'],
  ...['eol=crlf', '!eol', 'ident', '-ident', '!ident', 'binary', '-binary', 'm', '-m', 'm=1', 'n'],
  ...['working-tree-encoding=UTF-16', '!working-tree-encoding', 'filter=f', 'diff', '!m', '#', ' '],
)
const subjects = fc.constantFrom(
  ...[
    '*',
    'a',
    'b',
    '*.c',
    'd/*',
    'd/',
    '/a',
    '/d/**',
    '**/a',
    'd/e/a',
    '"a"',
    '[attr]m',
    '[attr]n',
  ],
  ...['[attr]binary', '[attr]text', '!a', '#a', '[ab]', '"x y"', 'a\\', '\ta', '\xef\xbb\xbfa'],
)
const attributeFiles = fc
  .array(
    fc.tuple(subjects, fc.array(states, { maxLength: 4 }), fc.constantFrom('\n', '\r\n', '\n\n')),
    {
      maxLength: 6,
    },
  )
  .map((lines) => lines.map(([subject, all, end]) => [subject, ...all].join(' ') + end).join(''))
const ROOTS = Array.from({ length: 12 }, (_, index) => `root${index}`)

test('nested files give what they give for git', (t) => {
  const names = ['a', 'b', 'x.c', 'x y', 'd/a', 'd/b', 'd/x.c', 'd/e/a', 'd/e/x.c', 'e/d/a']
  fc.assert(
    fc.property(
      attributeFiles,
      fc.array(fc.tuple(attributeFiles, attributeFiles, attributeFiles), {
        minLength: ROOTS.length,
        maxLength: ROOTS.length,
      }),
      (top, others) => {
        const files: Files = Object.fromEntries(
          [
            ['.gitattributes', top] as const,
            ...ROOTS.flatMap((root, index) =>
              ['', 'd/', 'd/e/'].map(
                (directory, at) =>
                  [`${root}/${directory}.gitattributes`, others[index]?.[at] ?? ''] as const,
              ),
            ),
          ].map(([name, text]) => [name, Buffer.from(text, 'latin1')]),
        )
        const paths = ROOTS.flatMap((root) => names.map((name) => `${root}/${name}`))
        assert.deepEqual(askUs(files, paths), askGit(t, files, paths))
      },
    ),
    { numRuns: 40 },
  )
})

test('asks between patterns whether to go on, as each may take long', () => {
  const lines = Array.from({ length: 100 }, (_, n) => `/${'**/*a*/'.repeat(20)}b${n} text\n`)
  const checkpoint = () => {
    throw new Error('given up')
  }
  const stack = AttributeStack.atRoot(Buffer.from(lines.join('')), { checkpoint })
  assert.throws(() => stack.conversionOf('a/a/a'), /given up/)
})
