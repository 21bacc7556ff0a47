import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeEntryHeader } from '../../../src/git/entry-header.js'
import { encodeEntryHeader } from '../../../src/remote/disk/pack-writer.js'
import fc from '../../helpers/fast-check.js'

test('an entry header holds any size', () => {
  const sizes = fc.oneof(fc.nat(5000), fc.maxSafeNat())
  const types = fc.constantFrom('commit' as const, 'tree' as const, 'blob' as const, 'tag' as const)
  fc.assert(
    fc.property(types, sizes, (type, size) => {
      const bytes = encodeEntryHeader(type, size)
      assert.deepEqual(decodeEntryHeader(bytes, 0, 'sha1'), {
        kind: { type },
        size,
        end: bytes.length,
      })
    }),
  )
})
