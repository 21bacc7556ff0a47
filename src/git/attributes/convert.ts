// Content as a checkout writes it: `$Id$`, then line ends, then the encoding, as in git. A
// piece at a time, so that memory does not grow with the content.
import type { ByteSource } from '../byte-source.js'
import type { Oid } from '../oid.js'
import type { Conversion } from './conversion.js'
import { encoded } from './encode.js'
import { withIdent } from './ident.js'
import { isLfText, withCrlf } from './line-ends.js'
import { piecesOf } from './source-scan.js'

/**
 * Yields the converted content of the blob `oid`, piece by piece; a piece is valid until the
 * next. The source is read more than once where git has to see the content whole.
 */
export function* convertPieces(
  source: ByteSource,
  { ident, lineEnds, encoding }: Conversion,
  oid: Oid,
): Generator<Buffer> {
  const stored = () => piecesOf(source, 0, source.length)
  const identified = () => (ident ? withIdent(source, oid, ident) : stored())
  const isCrlf = lineEnds === 'crlf' || (lineEnds === 'auto-crlf' && isLfText(identified()))
  const text = () => (isCrlf ? withCrlf(identified()) : identified())
  yield* encoding ? encoded(text, encoding) : text()
}
