import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isLfText, withCrlf } from '../../../src/git/attributes/line-ends.js'

/** A text in pieces, cut at each `|`. */
function piecesOf(text: string): Buffer[] {
  return text.split('|').map((piece) => Buffer.from(piece, 'latin1'))
}

test('every LF without a CR gets one, wherever a piece ends', () => {
  const CASES: Record<string, string> = {
    '': '',
    'a\nb\n': 'a\r\nb\r\n',
    '\n\n': '\r\n\r\n',
    'a\r\nb\n': 'a\r\nb\r\n',
    'a\r|\nb': 'a\r\nb',
    'a\r||\nb': 'a\r\nb',
    'a|\nb|': 'a\r\nb',
    'a\rb\r\r\n': 'a\rb\r\r\n',
    '\r|\r|\n|\n': '\r\r\n\r\n',
  }
  for (const [text, expected] of Object.entries(CASES)) {
    const converted = Buffer.concat([...withCrlf(piecesOf(text))]).toString('latin1')
    assert.equal(converted, expected, JSON.stringify(text))
  }
})

test('text is told from other content as git does', () => {
  const CASES: [text: string, isText: boolean][] = [
    ['', false],
    ['no line end', false],
    ['a\nb\n', true],
    ['a\n|b', true],
    ['a\r\nb\n', false],
    ['a\n\rb\n', false],
    ['a\n|\r', false],
    ['a\n\0', false],
    ['a\n\x01', false],
    [`${'a'.repeat(127)}\n\x01`, false],
    [`${'a'.repeat(128)}\n\x01`, true],
    [`${'a'.repeat(128)}\n\x7f`, true],
    [`${'a'.repeat(128)}|\n\x7f|\x02`, false],
    [`${'\t\b\f\x1b'.repeat(32)}\n\x01`, true],
    [`${'\xff'.repeat(128)}\n\x01`, true],
    ['a\n\x1a', true],
    ['a\n\x1a|', true],
    ['a\n\x1ab', false],
  ]
  for (const [text, isText] of CASES) {
    assert.equal(isLfText(piecesOf(text)), isText, JSON.stringify(text))
  }
})
