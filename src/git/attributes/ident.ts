// `$Id$` with the blob's oid filled in. git has two ways to do it, and both are kept to the
// letter: they differ in what they take for a foreign `$Id: …$`, which stays as it is, and in
// what follows a `$` that begins none. https://git-scm.com/docs/gitattributes#_ident
import type { ByteSource } from '../byte-source.js'
import type { Oid } from '../oid.js'
import type { Conversion } from './conversion.js'
import { byteAt, indexOfByte, piecesOf } from './source-scan.js'

const [NUL, TAB, LF, CR, SPACE] = [0, 0x09, 0x0a, 0x0d, 0x20]
const [DOLLAR, COLON, UPPER_I, LOWER_D] = [0x24, 0x3a, 0x49, 0x64]

/** A place that becomes `$Id: <oid> $`. */
interface Keyword {
  start: number
  end: number
}

/** Yields the content with every keyword replaced. */
export function* withIdent(
  source: ByteSource,
  oid: Oid,
  way: NonNullable<Conversion['ident']>,
): Generator<Buffer> {
  const replacement = Buffer.from(`$Id: ${oid} $`)
  let copied = 0
  for (const { start, end } of way === 'whole' ? wholeKeywords(source) : streamedKeywords(source)) {
    yield* piecesOf(source, copied, start)
    yield replacement
    copied = end
  }
  yield* piecesOf(source, copied, source.length)
}

/** The way of files that git converts in memory. */
function* wholeKeywords(source: ByteSource): Generator<Keyword> {
  for (let start = nextDollar(source, 0); start >= 0; ) {
    let next = start + 1
    const mark = isId(source, start) ? byteAt(source, start + 3) : undefined
    if (mark === DOLLAR) {
      next = start + 4
      yield { start, end: next }
    } else if (mark === COLON) {
      const close = nextDollar(source, start + 4)
      if (close < 0) return
      if (!hasLineEnd(source, start + 4, close) && !isForeignInWhole(source, start, close)) {
        next = close + 1
        yield { start, end: next }
      }
    }
    start = nextDollar(source, next)
  }
}

/** The way of files that git converts while it writes them. */
function* streamedKeywords(source: ByteSource): Generator<Keyword> {
  /** Where a run of `$Id` with a further character each began, which is still held back. */
  let heldSince: number | undefined
  for (let next = 0; ; ) {
    const start = nextDollar(source, next)
    if (start < 0) return
    const since = start === next ? (heldSince ?? start) : start
    heldSince = undefined
    const mark = isId(source, start) ? byteAt(source, start + 3) : undefined
    if (mark === undefined) {
      // The character that does not fit is passed over, even where it is a dollar.
      next = start + (byteAt(source, start + 1) === UPPER_I ? 3 : 2)
    } else if (mark === DOLLAR) {
      next = start + 4
      yield { start, end: next }
    } else if (mark === COLON) {
      const close = nextDollar(source, start + 4)
      const line = indexOfByte(source, LF, start + 4, close < 0 ? source.length : close)
      if (line < 0 && close < 0) return
      next = (line < 0 ? close : line) + 1
      const isOwn = since !== start || !isForeignInStream(source, start, close)
      // What was held back is lost here, as it is in git.
      if (line < 0 && isOwn) yield { start: since, end: next }
    } else if (mark === NUL) {
      next = start + 5
    } else {
      heldSince = since
      next = start + 4
    }
  }
}

/** `$Id:` with a space within, but not right behind the colon nor right before the dollar. */
function isForeignInWhole(source: ByteSource, start: number, close: number): boolean {
  const space = indexOfByte(source, SPACE, start + 5, close)
  return space >= 0 && space < close - 1
}

/** `$Id: ` with white space within, but not right before the dollar; a NUL ends the search. */
function isForeignInStream(source: ByteSource, start: number, close: number): boolean {
  if (byteAt(source, start + 4) !== SPACE) return false
  const nul = indexOfByte(source, NUL, start + 5, close)
  const end = nul < 0 ? close : nul
  return [SPACE, TAB, CR].some((blank) => {
    const found = indexOfByte(source, blank, start + 5, end)
    return found >= 0 && found < close - 1
  })
}

function isId(source: ByteSource, dollar: number): boolean {
  return byteAt(source, dollar + 1) === UPPER_I && byteAt(source, dollar + 2) === LOWER_D
}

function nextDollar(source: ByteSource, from: number): number {
  return indexOfByte(source, DOLLAR, from)
}

function hasLineEnd(source: ByteSource, start: number, end: number): boolean {
  return indexOfByte(source, LF, start, end) >= 0
}
