import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Conversion, NO_CONVERSION } from '../../../src/git/attributes/conversion.js'
import { restore } from '../../../src/git/attributes/restore.js'
import { convert } from '../../helpers/convert.js'
import fc from '../../helpers/fast-check.js'
import { IS_WHOLE } from '../../helpers/seed.js'

const OID = 'ab'.repeat(20)
const TEXTS = ['', 'a', '\n', '$Id$', '$', 'Id', 'ä€', '\u{1f600}', '\t', '\0', '\ufeff']

const conversions: fc.Arbitrary<Conversion> = fc.record({
  key: fc.constant('unused'),
  ident: fc.constantFrom(undefined, 'streamed', 'whole'),
  lineEnds: fc.constantFrom(undefined, 'crlf', 'auto-crlf'),
  encoding: fc.constantFrom(undefined, 'UTF-16', 'UTF-16LE', 'UTF-16BE-BOM', 'UTF-32'),
  isLfs: fc.constant(false),
  ignored: fc.constant([]),
})

describe('restore', () => {
  test('gives what was converted, of text with LF', () => {
    const texts = fc.array(fc.constantFrom(...TEXTS)).map((parts) => parts.join(''))
    fc.assert(
      fc.property(texts, conversions, (text, conversion) => {
        const body = Buffer.from(text)
        const converted = convert(body, conversion, OID)
        assert.deepEqual(restore(converted, conversion, OID), body)
      }),
      { numRuns: IS_WHOLE ? 1000 : 200 },
    )
  })

  test('leaves what has no conversion, and the `$Id$` of another', () => {
    const body = Buffer.from(`a\r\n\xff$Id: ${OID} $`, 'latin1')
    assert.deepEqual(restore(body, NO_CONVERSION, OID), body)
    const conversion = { ...NO_CONVERSION, ident: 'whole' } as const
    assert.deepEqual(restore(body, conversion, 'cd'.repeat(20)), body)
  })

  test('takes any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array(), conversions, (bytes, conversion) => {
        assert.ok(Buffer.isBuffer(restore(Buffer.from(bytes), conversion, OID)))
      }),
    )
  })
})
