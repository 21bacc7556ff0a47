// What a checkout does with the content of a file, by its attributes: with git's default
// configuration on Linux, where lines end in LF and no filter is known, or that of Git LFS.
// https://git-scm.com/docs/gitattributes#_checking_out_and_checking_in
import type { AttributeValue } from './attribute-file.js'
import { findEncoding } from './encodings.js'

/** The attributes that decide. */
export const CONVERSION_ATTRIBUTES = [
  'text',
  'crlf',
  'eol',
  'ident',
  'working-tree-encoding',
  'filter',
] as const

/** The steps, in git's order; each is absent where nothing is to be done. */
export interface Conversion {
  /** The steps as a text that stays the same between versions; '' where there is none. */
  readonly key: string
  /** Fills in `$Id$`; git has two ways, which differ in what they take for an `$Id$`. */
  readonly ident: 'streamed' | 'whole' | undefined
  /** Ends lines in CRLF: always, or where the content is text that has no CR yet. */
  readonly lineEnds: 'crlf' | 'auto-crlf' | undefined
  /** From UTF-8 to this one; the name as it is in the table of encodings. */
  readonly encoding: string | undefined
  /** Whether what is a pointer of Git LFS then becomes the file it stands for. */
  readonly isLfs: boolean
  /** What the attributes ask for and is not done: `filter=…` or `working-tree-encoding=…`. */
  readonly ignored: readonly string[]
}

/** The content stays as it is stored: the case of nearly all files. */
export const NO_CONVERSION: Conversion = {
  key: '',
  ident: undefined,
  lineEnds: undefined,
  encoding: undefined,
  isLfs: false,
  ignored: [],
}

/** What the values of {@link CONVERSION_ATTRIBUTES} ask for; without `lfs`, no filter is known. */
export function conversionOf(
  values: ReadonlyMap<string, AttributeValue>,
  lfs: boolean,
): Conversion {
  const text = textOf(values.get('text')) ?? textOf(values.get('crlf'))
  const asked = encodingOf(values.get('working-tree-encoding'))
  const encoding = asked === undefined ? undefined : findEncoding(asked)?.name
  const lineEnds = lineEndsOf(text, values.get('eol'))
  // What git has to see whole it converts in memory, and finds `$Id$` in another way there.
  const isWhole = asked !== undefined || (text === 'auto' && values.get('eol') !== 'lf')
  const ident = values.get('ident') !== true ? undefined : isWhole ? 'whole' : 'streamed'
  const filter = values.get('filter')
  const isLfs = lfs && filter === 'lfs'
  const ignored = [
    ...(asked !== undefined && encoding === undefined ? [`working-tree-encoding=${asked}`] : []),
    ...(typeof filter === 'string' && filter !== '' && !isLfs ? [`filter=${filter}`] : []),
  ]
  const key = keyOf(ident, lineEnds, encoding, isLfs)
  return { key, ident, lineEnds, encoding, isLfs, ignored }
}

function keyOf(
  ident: Conversion['ident'],
  lineEnds: Conversion['lineEnds'],
  encoding: string | undefined,
  isLfs: boolean,
): string {
  const steps = [
    ident && (ident === 'whole' ? 'ident=whole' : 'ident'),
    lineEnds && `eol=${lineEnds}`,
    encoding && `encoding=${encoding}`,
    isLfs && 'lfs',
  ]
  return steps.filter(Boolean).join(',')
}

type Text = 'text' | 'binary' | 'auto'

function textOf(value: AttributeValue): Text | undefined {
  if (value === true || value === 'input') return 'text'
  if (value === false) return 'binary'
  return value === 'auto' ? 'auto' : undefined
}

function lineEndsOf(text: Text | undefined, eol: AttributeValue): Conversion['lineEnds'] {
  if (text === 'binary' || eol !== 'crlf') return undefined
  return text === 'auto' ? 'auto-crlf' : 'crlf'
}

/** The name of an encoding other than UTF-8; without a value, git refuses the whole checkout. */
function encodingOf(value: AttributeValue): string | undefined {
  if (value === true) return ''
  return value === false || value === '' || /^utf-?8$/i.test(value ?? 'utf8') ? undefined : value
}
