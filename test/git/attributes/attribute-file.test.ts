import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseAttributes } from '../../../src/git/attributes/attribute-file.js'

/** Each line that means something, as `subject: attributes`. */
function parse(text: string): string[] {
  return parseAttributes(Buffer.from(text, 'latin1')).map(({ subject, isMacro, states }) => {
    const shown = states.map(({ name, value }) => `${name}=${value}`)
    return `${isMacro ? 'macro ' : ''}${subject}: ${shown.join(' ')}`
  })
}

const CASES: Record<string, [text: string, lines: string[]]> = {
  'all kinds of states': [
    '*.c text -diff !eol merge=union filter=',
    ['*.c: text=true diff=false eol=undefined merge=union filter='],
  ],
  'any blanks': [' \t*.c\t \ttext   eol=lf \t', ['*.c: text=true eol=lf']],
  'lines that end in CRLF': ['a text\r\n\r\nb eol=crlf\r\n', ['a: text=true', 'b: eol=crlf']],
  'no line end at the end': ['a text\nb -text', ['a: text=true', 'b: text=false']],
  'comments and empty lines': ['# a text\n\n  # b text\n \t\nc text', ['c: text=true']],
  'a number sign further behind is part of a name, so the line is void': ['a text # why', []],
  'a pattern without attributes': ['a', ['a: ']],
  'negative patterns are void': ['!a text\n"!b" text\n\\!c text', ['\\!c: text=true']],
  'a void name voids the line': [
    'a text t=ä\nb tä text\nc --x text\nd =x\ne - text\nf !',
    ['a: text=true t=\xe4'],
  ],
  'unset and unspecified with a value': ['a -text=x !eol=y', ['a: text=false eol=undefined']],
  'more than one equals sign': ['a filter=a=b', ['a: filter=a=b']],
  'quoted patterns': [
    '"a b" text\n"\\"\\\\\\t\\303\\251" text\n"x"text',
    ['a b: text=true', '"\\\t\xc3\xa9: text=true', 'x: text=true'],
  ],
  'quotes that are none': [
    '"a text\n"\\x" text\n"\\400" text',
    ['"a: text=true', '"\\x": text=true', '"\\400": text=true'],
  ],
  macros: [
    '[attr]m text eol=lf\n"[attr] n" -text',
    ['macro m: text=true eol=lf', 'macro n: text=false'],
  ],
  'macros without a name, or with a void one': [
    '[attr] text\n[attr]-x text\n[attr]ä text',
    ['[attr]: text=true'],
  ],
  'a byte order mark is part of the pattern': ['\xef\xbb\xbfa text', ['\xef\xbb\xbfa: text=true']],
  'nothing behind a NUL counts': ['a text\nb te\0xt\nc text', ['a: text=true', 'b: te=true']],
}

for (const [name, [text, lines]] of Object.entries(CASES)) {
  test(name, () => assert.deepEqual(parse(text.replaceAll('ä', '\xe4')), lines))
}

test('a line of 2048 bytes is passed over', () => {
  const line = (length: number) => `${'a'.repeat(length - 5)} text`
  assert.deepEqual(parse(`${line(2048)}\nb text`), ['b: text=true'])
  assert.equal(parse(line(2047)).length, 1)
  assert.equal(parse(`${line(2047)}\r\n`).length, 0)
})

test('a file of 100 MiB is passed over', () => {
  const body = Buffer.alloc(100 * 1024 * 1024)
  body.write('a text\n')
  assert.equal(parseAttributes(body).length, 0)
  assert.equal(parseAttributes(body.subarray(0, -1)).length, 1)
})
