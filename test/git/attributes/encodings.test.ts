// Every encoding, with every character that it has and many that it has not, beside what real
// git makes of them.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import iconv from 'iconv-lite'
import { encoded } from '../../../src/git/attributes/encode.js'
import { findEncoding } from '../../../src/git/attributes/encodings.js'
import { IS_WHOLE } from '../../helpers/seed.js'
import { checkOut } from './attribute-peer.js'

const UNICODE = ['UTF-16', 'utf16', 'UTF-16LE', 'UTF16BE', 'UTF-16LE-BOM', 'utf-16be-bom']
const OTHERS = [
  ...[
    'latin-1',
    'latin1',
    'LATIN-9',
    'ASCII',
    'us-ascii',
    'windows-1252',
    'CP1250',
    'WINDOWS-1251',
  ],
  ...['CP1253', 'CP1254', 'CP1256', 'WINDOWS-1257', 'CP874', 'CP437', 'IBM850', '866', 'CP852'],
  ...['KOI8-R', 'KOI8-U', 'KOI8-T', 'TIS-620', 'L10', 'ARABIC', 'GREEK', 'HEBREW', 'CYRILLIC'],
  ...[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 14, 15, 16].map((part) => `ISO-8859-${part}`),
]
const OF_MANY_BYTES = ['CP936', 'CP949', 'SHIFT-JIS', 'EUC-JP', 'EUC-KR']
const BYTES = Array.from({ length: 0x100 }, (_, byte) => byte)
/** Characters that are in some encodings only, or in none. */
const RARE = [
  ...BYTES.slice(0x80).map((code) => String.fromCharCode(code)),
  ...'€Ł₩㉾∥－～￠￡￢‖‾−〜①㈱纊\u{e000}\u{f8ff}가힣똠々〇ｱ「Ωя\u{fffd}\u{feff}\u{2028}😀𠮷ß–—•',
  ...Array.from({ length: 40 }, (_, index) => String.fromCharCode(0x3000 + index * 997)),
].filter((char) => !/^[\ud800-\udfff]$/.test(char))

/** The text in an encoding; undefined where it cannot be encoded. */
function encode(text: string, name: string): Buffer | undefined {
  const result = Buffer.concat([...encoded(() => [Buffer.from(text)], name)])
  return result.equals(Buffer.from(text)) ? undefined : result
}

/** Every character other than ASCII that the encoding has. */
function charactersOf(name: string): string[] {
  const { codec = '', extra = {} } = findEncoding(name) ?? {}
  const single = BYTES.map((byte) => [byte])
  const leads = BYTES.slice(0x80)
  const pairs = leads.flatMap((lead) => BYTES.map((trail) => [lead, trail]))
  const longer = [...pairs, ...pairs.map((pair) => [0x8f, ...pair])]
  const sequences = OF_MANY_BYTES.includes(name) ? [...single, ...longer] : single
  const texts = sequences.map((bytes) => iconv.decode(Buffer.from(bytes), codec))
  const found = texts.filter((text) => text > '\x7f' && [...text].length === 1)
  return encodable([...new Set([...found, ...Object.keys(extra)])], name)
}

/** Those that can be encoded: most can, and are tried many at once. */
function encodable(chars: readonly string[], name: string): string[] {
  if (chars.length === 0) return []
  if (encode(chars.join(''), name)) return [...chars]
  if (chars.length === 1) return []
  const half = chars.length >> 1
  return [...encodable(chars.slice(0, half), name), ...encodable(chars.slice(half), name)]
}

test('what can be encoded becomes the same bytes, and the rest stays as it is', (t) => {
  const files: Record<string, Buffer> = {}
  const expected = new Map<string, Buffer>()
  const names = [...UNICODE, 'UTF-32', 'utf-32le', 'UTF32BE', ...OTHERS, ...OF_MANY_BYTES]
  for (const [at, name] of names.entries()) {
    const isUnicode = /^utf/i.test(name)
    const known = isUnicode ? RARE : charactersOf(name)
    const all = String.fromCharCode(...BYTES.slice(0, 0x80)) + known.join('')
    files[`${name}/all`] = Buffer.from(all)
    expected.set(`${name}/all`, encode(all, name) ?? Buffer.from(all))
    assert.equal(encode(all, name) !== undefined, !/ascii/i.test(name), name)
    const lacking = isUnicode ? [] : RARE.filter((char) => !known.includes(char))
    // Each is tried in some encodings, and in a sweep in all.
    const others = lacking.filter((_, index) => IS_WHOLE || index % 4 === at % 4)
    for (const char of others) {
      const path = `${name}/${char.codePointAt(0)?.toString(16)}`
      files[path] = Buffer.from(`a${char}`)
      expected.set(path, Buffer.from(`a${char}`))
    }
  }
  const lines = names.map((name) => `/${name}/* working-tree-encoding=${name}\n`)
  files['.gitattributes'] = Buffer.from(lines.join(''))
  const theirs = checkOut(t, files)
  const wrong = [...expected].filter(([path, body]) => !theirs.get(path)?.equals(body))
  assert.deepEqual(
    wrong.map(([path]) => path),
    [],
  )
  assert.ok(expected.size > (IS_WHOLE ? 3000 : 750))
})

test('names that git does not know, or means something else by, are not known', () => {
  const names = [
    '',
    'utf-8-bom',
    'UTF-32LE-BOM',
    'x-none',
    'win1252',
    'ISO_8859-11',
    'BIG5',
    '1252',
  ]
  for (const name of names) assert.equal(findEncoding(name), undefined, name)
})
