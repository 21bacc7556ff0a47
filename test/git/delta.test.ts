import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { applyDelta } from '../../src/git/delta.js'
import { failsWith } from '../helpers/fails-with.js'
import { copy, encodeDelta, insert } from '../helpers/packs.js'

const corrupt = failsWith('pack-corrupt', /delta/)

test('makes what its instructions say', () => {
  const base = fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes))
  const inserted = fc.uint8Array({ minLength: 1, maxLength: 127 })
  const part = fc.oneof(inserted, fc.tuple(fc.nat(), fc.nat()))
  fc.assert(
    fc.property(base, fc.array(part, { maxLength: 12 }), (source, parts) => {
      const steps = parts.flatMap((step) => {
        if (step instanceof Uint8Array) return [{ made: Buffer.from(step), bytes: insert(step) }]
        if (source.length === 0) return []
        const start = step[0] % source.length
        const length = 1 + (step[1] % (source.length - start))
        return [{ made: source.subarray(start, start + length), bytes: copy(start, length) }]
      })
      const target = Buffer.concat(steps.map(({ made }) => made))
      const delta = encodeDelta(source.length, target.length, ...steps.map(({ bytes }) => bytes))
      assert.ok(applyDelta(source, delta).equals(target))
    }),
  )
})

test('copies with every byte of offset and of length', () => {
  const base = Buffer.alloc(0x0102_0304 + 0x1_0203)
  base.write('start', 0x0102_0304)
  base.write('end', base.length - 3)
  const length = 0x1_0203
  const made = applyDelta(base, encodeDelta(base.length, length, copy(0x0102_0304, length)))
  assert.equal(made.length, length)
  assert.equal(made.toString('latin1', 0, 5), 'start')
  assert.equal(made.toString('latin1', length - 3), 'end')
})

test('a copy without a length is of 64 KiB', () => {
  const base = Buffer.alloc(0x1_0000, 'x')
  const delta = encodeDelta(base.length, base.length, Buffer.from([0x80]))
  assert.ok(applyDelta(base, delta).equals(base))
})

test('the empty object has deltas, too', () => {
  assert.equal(applyDelta(Buffer.from('abc'), encodeDelta(3, 0)).length, 0)
  const made = applyDelta(Buffer.alloc(0), encodeDelta(0, 3, insert(Buffer.from('abc'))))
  assert.equal(made.toString(), 'abc')
})

test('refuses what does not fit', () => {
  const base = Buffer.from('0123456789')
  const abc = insert(Buffer.from('abc'))
  const faults = {
    'no sizes': Buffer.alloc(0),
    'one size': Buffer.from([10]),
    'a size without end': Buffer.from([10, 0x80]),
    'an endless size': Buffer.concat([Buffer.alloc(40, 0x80), Buffer.from([10])]),
    'another base': encodeDelta(9, 3, abc),
    'a reserved instruction': encodeDelta(10, 3, abc, Buffer.from([0])),
    'too little': encodeDelta(10, 4, abc),
    'too much inserted': encodeDelta(10, 2, abc),
    'too much copied': encodeDelta(10, 4, abc, copy(0, 2)),
    'a copy past the end': encodeDelta(10, 3, copy(8, 3)),
    'a copy from far away': encodeDelta(10, 3, copy(2 ** 32 - 1, 3)),
    'an insert that is cut': encodeDelta(10, 3, abc.subarray(0, -1)),
    'a copy that is cut': encodeDelta(10, 3, copy(0x0102, 0x0304).subarray(0, 3)),
  }
  for (const [fault, delta] of Object.entries(faults)) {
    assert.throws(() => applyDelta(base, delta), corrupt, fault)
  }
})

test('a size that lies is found before memory is asked for', () => {
  for (const size of [2 ** 31, 2 ** 32, 2 ** 40, 2 ** 53]) {
    const delta = encodeDelta(3, size, insert(Buffer.from('abc')))
    assert.throws(() => applyDelta(Buffer.from('abc'), delta), corrupt)
  }
})

test('random bytes never make another error', () => {
  const base = Buffer.from('0123456789')
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 20 }), fc.nat(12), (bytes, size) => {
      const delta = encodeDelta(base.length, size, Buffer.from(bytes))
      try {
        assert.equal(applyDelta(base, delta).length, size)
      } catch (error) {
        corrupt(error)
      }
    }),
    { numRuns: 2000 },
  )
})
