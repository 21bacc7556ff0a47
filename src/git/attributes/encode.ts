// Content from UTF-8 to another encoding, as the C library's iconv does it: whole, or not at
// all where a byte is no UTF-8 or a character has no place in the other encoding.
import iconv from 'iconv-lite'
import { codeOf } from '../../base/errno.js'
import { type Encoding, findEncoding } from './encodings.js'

class UnencodableError extends Error {}

/**
 * The pieces in the encoding of that name. They stay as they are where they cannot be converted:
 * so does git, with an error that stops nothing. `pieces` is asked twice.
 */
export function* encoded(pieces: () => Iterable<Buffer>, name: string): Generator<Buffer> {
  const encoding = findEncoding(name)
  if (encoding && canEncode(pieces(), encoding)) yield* encodePieces(pieces(), encoding)
  else yield* pieces()
}

function canEncode(pieces: Iterable<Buffer>, encoding: Encoding): boolean {
  try {
    let bytes = 0
    for (const piece of encodePieces(pieces, encoding)) bytes += piece.length
    return bytes > 0
  } catch (error) {
    const isNoUtf8 = codeOf(error) === 'ERR_ENCODING_INVALID_ENCODED_DATA'
    if (error instanceof UnencodableError || isNoUtf8) return false
    throw error
  }
}

function* encodePieces(pieces: Iterable<Buffer>, encoding: Encoding): Generator<Buffer> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  let isEmpty = true
  for (const piece of pieces) {
    if (isEmpty && piece.length > 0) yield Buffer.from(encoding.bom)
    isEmpty &&= piece.length === 0
    yield encodeText(decoder.decode(piece, { stream: true }), encoding)
  }
  yield encodeText(decoder.decode(), encoding)
}

/** Throws where a character is not in the encoding. */
function encodeText(text: string, encoding: Encoding): Buffer {
  const own = Object.keys(encoding.extra)
  if (!own.some((char) => text.includes(char))) return encodeCommon(text, encoding)
  const parts = text.split(new RegExp(`([${own.join('')}])`))
  return Buffer.concat(
    parts.map((part) => {
      const bytes = Object.hasOwn(encoding.extra, part) ? encoding.extra[part] : undefined
      return bytes === undefined ? encodeCommon(part, encoding) : Buffer.from(bytes, 'hex')
    }),
  )
}

function encodeCommon(text: string, { codec, lacks, shape }: Encoding): Buffer {
  const bytes = iconv.encode(text, codec, { addBOM: false })
  if (codec.startsWith('utf-')) return bytes
  // iconv-lite writes something else for what it cannot encode.
  const isWhole = iconv.decode(bytes, codec, { stripBOM: false }) === text
  const isKnown = !lacks?.test(text) && (shape?.test(bytes.toString('latin1')) ?? true)
  if (isWhole && isKnown && !text.includes('\uFFFD')) return bytes
  throw new UnencodableError('a character has no place in the encoding')
}
