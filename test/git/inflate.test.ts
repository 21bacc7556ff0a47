import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { deflateSync } from 'node:zlib'
import { inflate } from '../../src/git/inflate.js'
import { failsWith } from '../helpers/fails-with.js'

const STEP_BYTES = 1 << 20
const SIZES = [0, 1, 63, 64, 65, 4096, STEP_BYTES - 1, STEP_BYTES, STEP_BYTES + 1, 3 * STEP_BYTES]

test('inflates exactly one stream, whatever follows', () => {
  for (const size of SIZES) {
    for (const body of [Buffer.alloc(size, 'x'), randomBytes(size)]) {
      const deflated = deflateSync(body)
      for (const rest of [Buffer.alloc(0), Buffer.from('x'), deflated]) {
        const inflated = inflate(Buffer.concat([deflated, rest]), size)
        assert.ok(inflated?.body.equals(body), `${size} bytes`)
        assert.equal(inflated?.deflatedBytes, deflated.length)
      }
    }
  }
})

test('the body keeps no more memory than it needs', () => {
  const { body } = inflate(deflateSync(Buffer.alloc(100_000)), 100_000) ?? {}
  assert.ok(body && body.buffer.byteLength <= 100_001)
})

test('input that ends within the stream is no fault', () => {
  const deflated = deflateSync(randomBytes(300))
  for (let length = 0; length < deflated.length; length++) {
    assert.equal(inflate(deflated.subarray(0, length), 300), undefined, `${length} bytes`)
  }
  assert.equal(inflate(deflated.subarray(0, 20), 2 ** 50), undefined)
})

test('a size that is not the right one is found', () => {
  for (const size of SIZES) {
    const deflated = deflateSync(Buffer.alloc(size))
    for (const claimed of [size - 1, size + 1, size * 2 + 5, 2 ** 32, 2 ** 53 - 1]) {
      if (claimed < 0) continue
      assert.throws(() => inflate(deflated, claimed), failsWith('pack-corrupt', /size/))
    }
  }
})

test('what does not inflate is found', () => {
  const deflated = deflateSync(randomBytes(100))
  const checksum = Buffer.from(deflated)
  checksum[deflated.length - 1]! ^= 1
  const dictionary = deflateSync(randomBytes(100), { dictionary: Buffer.from('words') })
  for (const input of [Buffer.from('no zlib stream'), checksum, dictionary]) {
    assert.throws(() => inflate(input, 100), failsWith('pack-corrupt', /does not inflate/))
  }
})
