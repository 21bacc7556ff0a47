// Line ends of a checkout: LF becomes CRLF, and git's guess whether content is text at all.

const CR = 0x0d
const LF = 0x0a
const NUL = 0
const DEL = 0x7f
/** What ends a text file in DOS; as the last byte it does not make a file binary. */
const END_OF_TEXT = 0x1a
/** Backspace, tab, form feed and escape. */
const TEXT_CONTROLS = [0x08, 0x09, 0x0c, 0x1b]

/** Yields pieces with CRLF for every LF that has no CR before it. */
export function* withCrlf(pieces: Iterable<Buffer>): Generator<Buffer> {
  let isAfterCr = false
  for (const piece of pieces) {
    if (piece.length === 0) continue
    const isLast = piece[piece.length - 1] === CR
    yield insertCrs(piece, isAfterCr)
    isAfterCr = isLast
  }
}

/** Whether `text=auto` converts: lines that end in LF, no CR, and the looks of text. */
export function isLfText(pieces: Iterable<Buffer>): boolean {
  let hasLf = false
  let printable = 0
  let nonPrintable = 0
  let last: number | undefined
  for (const piece of pieces) {
    if (piece.includes(CR) || piece.includes(NUL)) return false
    hasLf ||= piece.includes(LF)
    const odd = countNonPrintable(piece)
    nonPrintable += odd
    printable += piece.length - odd - countOf(piece, LF)
    last = piece.at(-1) ?? last
  }
  if (last === END_OF_TEXT) nonPrintable--
  return hasLf && Math.floor(printable / 128) >= nonPrintable
}

function insertCrs(piece: Buffer, isAfterCr: boolean): Buffer {
  const bare: number[] = []
  for (let at = piece.indexOf(LF); at >= 0; at = piece.indexOf(LF, at + 1)) {
    if (at === 0 ? !isAfterCr : piece[at - 1] !== CR) bare.push(at)
  }
  if (bare.length === 0) return piece
  const result = Buffer.allocUnsafe(piece.length + bare.length)
  let written = 0
  let copied = 0
  for (const at of bare) {
    written += piece.copy(result, written, copied, at)
    result[written++] = CR
    copied = at
  }
  piece.copy(result, written, copied)
  return result
}

function countNonPrintable(piece: Buffer): number {
  let count = 0
  for (const byte of piece) {
    if (byte === DEL || (byte < 0x20 && byte !== LF && !TEXT_CONTROLS.includes(byte))) count++
  }
  return count
}

function countOf(piece: Buffer, byte: number): number {
  let count = 0
  for (let at = piece.indexOf(byte); at >= 0; at = piece.indexOf(byte, at + 1)) count++
  return count
}
