// Content in memory as a checkout writes it.
import type { Conversion } from '../../src/git/attributes/conversion.js'
import { convertPieces } from '../../src/git/attributes/convert.js'
import { bufferSource } from '../../src/git/byte-source.js'
import type { Oid } from '../../src/git/oid.js'

/** Converts the content of the blob `oid`. */
export function convert(body: Buffer, conversion: Conversion, oid: Oid): Buffer {
  return Buffer.concat([...convertPieces(bufferSource(body), conversion, oid)])
}
