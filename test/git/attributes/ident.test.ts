import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { withIdent } from '../../../src/git/attributes/ident.js'
import { bufferSource } from '../../../src/git/byte-source.js'

const OID = '0123456789012345678901234567890123456789'

function fill(text: string, way: 'streamed' | 'whole'): string {
  const pieces = withIdent(bufferSource(Buffer.from(text, 'latin1')), OID, way)
  return Buffer.concat([...pieces])
    .toString('latin1')
    .replaceAll(OID, 'OID')
}

/** What becomes of a text: of a file that git writes as a stream, and of one it converts whole. */
const CASES: [text: string, streamed: string, whole?: string][] = [
  ['', ''],
  ['$', '$'],
  ['$I', '$I'],
  ['$Id', '$Id'],
  ['a $Id$ b', 'a $Id: OID $ b'],
  ['$Id$$Id$', '$Id: OID $$Id: OID $'],
  ['$Id: 12 $', '$Id: OID $'],
  ['$Id:$', '$Id: OID $'],
  ['$Id:  $', '$Id: OID $'],
  ['$id$ $ID$ $Idx$', '$id$ $ID$ $Idx$'],
  ['$Id: open', '$Id: open'],
  ['$Id: two\n lines $Id$', '$Id: two\n lines $Id: OID $'],
  ['$Id: two\nlines $', '$Id: two\nlines $'],
  ['$Id: foreign one 1.2 $', '$Id: foreign one 1.2 $'],
  ['$Id: foreign one $Id$', '$Id: foreign one $Id$', '$Id: foreign one $Id: OID $'],
  ['$Id:no space$', '$Id: OID $', '$Id:no space$'],
  ['$Id: a\tb$', '$Id: a\tb$', '$Id: OID $'],
  ['$Id: a\rb$', '$Id: a\rb$', '$Id: OID $'],
  ['$Id: a\t$', '$Id: OID $'],
  ['$Id: a\0 b $', '$Id: OID $', '$Id: a\0 b $'],
  ['$Id: a \0b$', '$Id: a \0b$'],
  ['$$Id$', '$$Id$', '$$Id: OID $'],
  ['$I$Id$', '$I$Id$', '$I$Id: OID $'],
  ['$Ix$Id$', '$Ix$Id: OID $'],
  ['$Idx$Id$', '$Idx$Id: OID $'],
  ['-$Idx$Id: 1$-', '-$Id: OID $-', '-$Idx$Id: OID $-'],
  ['$Idx$Idy$Id: a b $-', '$Id: OID $-', '$Idx$Idy$Id: a b $-'],
  ['$Idx-$Id: 1$-', '$Idx-$Id: OID $-'],
  ['$Idx$Id: 1\n$', '$Idx$Id: 1\n$'],
  ['$Id\0$Id$', '$Id\0$Id$', '$Id\0$Id: OID $'],
]

describe('$Id$', () => {
  for (const [text, streamed, whole = streamed] of CASES) {
    test(JSON.stringify(text), () => {
      assert.equal(fill(text, 'streamed'), streamed)
      assert.equal(fill(text, 'whole'), whole)
    })
  }
})
