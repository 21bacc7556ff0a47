import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeEntryHeader, encodeEntryHeader } from '../../src/git/entry-header.js'
import { failsWith } from '../helpers/fails-with.js'
import fc from '../helpers/fast-check.js'
import { encodeDistance, encodeHeader } from '../helpers/packs.js'

const size = fc.oneof(fc.nat(300), fc.maxSafeNat())

test('decodes whole objects of any size, behind and before other bytes', () => {
  const types = { 1: 'commit', 2: 'tree', 3: 'blob', 4: 'tag' } as const
  fc.assert(
    fc.property(fc.constantFrom(1, 2, 3, 4), size, fc.nat(3), (type, bytes, start) => {
      const header = encodeHeader(type, bytes)
      const around = Buffer.concat([Buffer.alloc(start), header, Buffer.from('rest')])
      assert.deepEqual(decodeEntryHeader(around, start, 'sha1'), {
        kind: { type: types[type as 1 | 2 | 3 | 4] },
        size: bytes,
        end: start + header.length,
      })
    }),
  )
})

test('decodes the distance of offset deltas', () => {
  fc.assert(
    fc.property(size, fc.nat(2 ** 40), (bytes, distance) => {
      const header = Buffer.concat([encodeHeader(6, bytes), encodeDistance(distance)])
      const decoded = decodeEntryHeader(header, 0, 'sha1')
      const kind = { type: 'ofs-delta', distance }
      assert.deepEqual(decoded, { kind, size: bytes, end: header.length })
    }),
  )
  // As the documentation has it: one is added for each byte that follows another.
  const end = 3
  const twoBytes = Buffer.from([0x61, 0x80, 0x00])
  const kind = { type: 'ofs-delta', distance: 128 }
  assert.deepEqual(decodeEntryHeader(twoBytes, 0, 'sha1'), { kind, size: 1, end })
})

test('decodes the base of reference deltas, as long as the format says', () => {
  for (const [format, length] of [
    ['sha1', 20],
    ['sha256', 32],
  ] as const) {
    const bytes = Buffer.concat([encodeHeader(7, 1000), Buffer.alloc(length, 0xab)])
    const kind = { type: 'ref-delta', base: 'ab'.repeat(length) }
    const end = bytes.length
    assert.deepEqual(decodeEntryHeader(bytes, 0, format), { kind, size: 1000, end })
    assert.equal(decodeEntryHeader(bytes.subarray(0, -1), 0, format), undefined)
  }
})

test('bytes that end within a header are no fault', () => {
  const header = Buffer.concat([encodeHeader(6, 2 ** 30), encodeDistance(2 ** 30)])
  for (let length = 0; length < header.length; length++) {
    assert.equal(decodeEntryHeader(header.subarray(0, length), 0, 'sha1'), undefined)
  }
})

test('refuses unknown types and impossible numbers', () => {
  for (const type of [0, 5]) {
    assert.throws(
      () => decodeEntryHeader(encodeHeader(type, 1), 0, 'sha1'),
      failsWith('pack-corrupt', /unknown type/),
    )
  }
  const impossible = [
    Buffer.alloc(11, 0xbf),
    // Zeros for ever, which never grow too large.
    Buffer.concat([Buffer.from([0xb0]), Buffer.alloc(300, 0x80)]),
    Buffer.concat([Buffer.from([0x61]), Buffer.alloc(11, 0xff)]),
  ]
  for (const bytes of impossible) {
    assert.throws(() => decodeEntryHeader(bytes, 0, 'sha1'), failsWith('pack-corrupt'))
  }
})

test('what is encoded is decoded, of any size and distance', () => {
  const whole = fc.constantFrom('commit' as const, 'tree' as const, 'blob' as const, 'tag' as const)
  const kinds = fc.oneof(
    whole.map((type) => ({ type })),
    fc
      .integer({ min: 1, max: 2 ** 45 })
      .map((distance) => ({ type: 'ofs-delta' as const, distance })),
    fc
      .nat(15)
      .map((digit) => ({ type: 'ref-delta' as const, base: digit.toString(16).repeat(40) })),
  )
  fc.assert(
    fc.property(kinds, size, (kind, bytes) => {
      const header = encodeEntryHeader(kind, bytes)
      assert.deepEqual(decodeEntryHeader(header, 0, 'sha1'), {
        kind,
        size: bytes,
        end: header.length,
      })
    }),
  )
})
