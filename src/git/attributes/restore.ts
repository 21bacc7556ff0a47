// Makes of what a checkout wrote what it was stored as: a guess, as more than one content may
// become the same. Whether it is right, its oid tells.
import iconv from 'iconv-lite'
import type { Oid } from '../oid.js'
import type { Conversion } from './conversion.js'
import { findEncoding } from './encodings.js'

/** The likely content of the blob `oid`, of which `convert` made `body`. */
export function restore(body: Buffer, { encoding, ident, lineEnds }: Conversion, oid: Oid): Buffer {
  const stored = encoding === undefined ? body : decoded(body, encoding)
  const text = stored.toString('latin1')
  const lines = lineEnds === undefined ? text : text.replaceAll('\r\n', '\n')
  return Buffer.from(ident ? lines.replaceAll(`$Id: ${oid} $`, '$Id$') : lines, 'latin1')
}

function decoded(body: Buffer, name: string): Buffer {
  const encoding = findEncoding(name)
  if (!encoding) return body
  const bom = Buffer.from(encoding.bom)
  const hasBom = body.subarray(0, bom.length).equals(bom)
  const text = iconv.decode(hasBom ? body.subarray(bom.length) : body, encoding.codec, {
    stripBOM: false,
  })
  return Buffer.from(text, 'utf8')
}
