// The encodings that a checkout can write, by the names that git knows on Linux (where the C
// library's iconv does it): only those in which both make the same bytes of the same text.

/** One encoding other than UTF-8. */
export interface Encoding {
  /** In upper case. */
  name: string
  /** What iconv-lite calls the one with the same bytes. */
  codec: string
  /** What the content starts with. */
  bom: readonly number[]
  /** Characters that iconv-lite lacks, and their bytes in hex. */
  extra: Readonly<Record<string, string>>
  /** Characters that only iconv-lite has. */
  lacks: RegExp | undefined
  /** The byte strings that the C library makes, where iconv-lite makes more. */
  shape: RegExp | undefined
}

const LE_BOM = [0xff, 0xfe]
const BE_BOM = [0xfe, 0xff]

/** As UTF-16 without a byte order the C library writes that of the machine, and says so. */
const UNICODE: readonly [name: string, codec: string, bom: readonly number[]][] = [
  ['UTF-16', 'utf-16le', LE_BOM],
  ['UTF-16LE', 'utf-16le', []],
  ['UTF-16BE', 'utf-16be', []],
  ['UTF-16LE-BOM', 'utf-16le', LE_BOM],
  ['UTF-16BE-BOM', 'utf-16be', BE_BOM],
  ['UTF-32', 'utf-32le', [...LE_BOM, 0, 0]],
  ['UTF-32LE', 'utf-32le', []],
  ['UTF-32BE', 'utf-32be', []],
]

/** Names that both know for the same table of bytes. */
const SAME = [
  'ASCII|US-ASCII|US|ISO646-US|ANSI_X3.4-1968|ANSI_X3.4-1986',
  '(ISO-|ISO)8859-([1-9]|10|11|13|14|15|16)|ISO_8859-([1-9]|10|14|15|16)|ISO8859([1-9]|10|11|13|14|15|16)',
  'LATIN([1-8]|10)|LATIN-?9|L([1-8]|10)|ARABIC|CYRILLIC|GREEK|GREEK8|HEBREW|THAI8|TIS-?620',
  '(WINDOWS-|CP)125[0-4]|(WINDOWS-|CP)125[67]|(WINDOWS-|CP)874|MS-(ANSI|ARAB|CYRL|EE|GREEK|TURK)',
  '(CP|IBM)?(437|850|852|855|857|858|860|861|862|863|865|866|869)|CP737|(CP|IBM)775',
  'KOI8-?[RU]|KOI8-T|CP936|MS936|WINDOWS-936|CP949',
].map((names) => new RegExp(`^(?:${names})$`))

/** The control characters from U+0080 on, except those of `without`, as bytes of their own. */
function controls(without: readonly number[]): Record<string, string> {
  const codes = Array.from({ length: 0x20 }, (_, index) => 0x80 + index)
  const own = codes.filter((code) => !without.includes(code))
  return Object.fromEntries(own.map((code) => [String.fromCharCode(code), code.toString(16)]))
}

/** Tables of which some characters differ. */
const SIMILAR: readonly (Omit<Encoding, 'name' | 'bom'> & { names: RegExp })[] = [
  {
    names: /^(?:SHIFT[-_]JIS|SJIS|MS_KANJI)$/,
    codec: 'shift_jis',
    extra: {
      '¢': '8191',
      '£': '8192',
      '¥': '5c',
      '¬': '81ca',
      '‖': '8161',
      '‾': '7e',
      '−': '817c',
      '〜': '8160',
    },
    lacks: /[∥－～]/,
    shape: /^(?:[\0-\x7f\xa1-\xdf]|[\x81-\x86\x88-\x9f\xe0-\xf9].)*$/s,
  },
  {
    names: /^EUC-?JP$/,
    codec: 'euc-jp',
    extra: {
      ...controls([0x8e, 0x8f]),
      '¢': 'a1f1',
      '£': 'a1f2',
      '¥': '5c',
      '¬': 'a2cc',
      '‖': 'a1c2',
      '‾': '7e',
      '−': 'a1dd',
      '〜': 'a1c1',
    },
    lacks: /[∥－￠￡￢]/,
    shape: /^(?:[\0-\x7f]|\x8e.|\x8f..|[\xa1-\xac\xae-\xf8].)*$/s,
  },
  {
    names: /^EUC-?KR$/,
    codec: 'cp949',
    extra: { ...controls([]), '₩': 'a3dc', '㉾': 'a2e8' },
    lacks: undefined,
    shape: /^(?:[\0-\x7f]|[\xa1-\xfe][\xa1-\xfe])*$/,
  },
]

/** The encoding of this name, in any case; undefined where content cannot be converted to it. */
export function findEncoding(asked: string): Encoding | undefined {
  const name = asked.toUpperCase()
  const plain = { name, extra: {}, lacks: undefined, shape: undefined }
  const unicode = UNICODE.find(([known]) => known === name || known.replace('-', '') === name)
  if (unicode) return { ...plain, codec: unicode[1], bom: unicode[2] }
  if (name === 'LATIN-1') return { ...plain, codec: 'iso-8859-1', bom: [] }
  if (SAME.some((names) => names.test(name))) return { ...plain, codec: name, bom: [] }
  const similar = SIMILAR.find(({ names }) => names.test(name))
  if (!similar) return undefined
  const { codec, extra, lacks, shape } = similar
  return { name, bom: [], codec, extra, lacks, shape }
}
