import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { bufferSource, FileSource } from '../../src/git/byte-source.js'
import { applyDelta, decodeDeltaHeader, deltaPieces } from '../../src/git/delta.js'
import { openRegular } from '../../src/volume/open-file.js'
import { failsWith } from '../helpers/fails-with.js'
import fc from '../helpers/fast-check.js'
import { tempDir } from '../helpers/git.js'
import { copy, encodeDelta, insert } from '../helpers/packs.js'
import { IS_WHOLE } from '../helpers/seed.js'

const corrupt = failsWith('pack-corrupt', /delta/)

const bases = fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes))
const inserted = fc.uint8Array({ minLength: 1, maxLength: 127 })
const parts = fc.array(fc.oneof(inserted, fc.tuple(fc.nat(), fc.nat())), { maxLength: 12 })
type Parts = typeof parts extends fc.Arbitrary<infer T> ? T : never

/** A delta of inserted bytes and copied ranges, and what it makes. */
function makeDelta(base: Buffer, steps: Parts): { delta: Buffer; target: Buffer } {
  const made: Buffer[] = []
  const instructions: Buffer[] = []
  for (const step of steps) {
    if (step instanceof Uint8Array) {
      made.push(Buffer.from(step))
      instructions.push(insert(step))
    } else if (base.length > 0) {
      const start = step[0] % base.length
      const length = 1 + (step[1] % (base.length - start))
      made.push(base.subarray(start, start + length))
      instructions.push(copy(start, length))
    }
  }
  const target = Buffer.concat(made)
  return { delta: encodeDelta(base.length, target.length, ...instructions), target }
}

/** What `delta` makes piece by piece; each piece is copied before the next is made. */
function joinPieces(base: Buffer, delta: Buffer): Buffer {
  const pieces: Buffer[] = []
  for (const piece of deltaPieces(bufferSource(base), bufferSource(delta))) {
    pieces.push(Buffer.from(piece))
  }
  return Buffer.concat(pieces)
}

test('makes what its instructions say, at once or piece by piece', () => {
  fc.assert(
    fc.property(bases, parts, (base, steps) => {
      const { delta, target } = makeDelta(base, steps)
      assert.ok(applyDelta(base, delta).equals(target))
      assert.ok(joinPieces(base, delta).equals(target))
      const { baseSize, size } = decodeDeltaHeader(bufferSource(delta))
      assert.deepEqual([baseSize, size], [base.length, target.length])
    }),
  )
})

test('pieces from files equal those from memory', (t) => {
  const directory = tempDir(t)
  const base = randomBytes(300_000)
  const steps: Parts = Array.from({ length: 6000 }, (_, index) =>
    index % 3 ? [index * 7919, 1 + (index % 500)] : randomBytes(1 + (index % 127)),
  )
  const { delta, target } = makeDelta(base, steps)
  assert.ok(delta.length > 2 * 64 * 1024)
  const [baseSource, deltaSource] = [base, delta].map((bytes, index) => {
    writeFileSync(path.join(directory, String(index)), bytes)
    return new FileSource(openRegular(path.join(directory, String(index))))
  }) as [FileSource, FileSource]
  let position = 0
  for (const piece of deltaPieces(baseSource, deltaSource)) {
    assert.ok(piece.equals(target.subarray(position, position + piece.length)))
    position += piece.length
  }
  assert.equal(position, target.length)
  baseSource.close()
  deltaSource.close()
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
    assert.throws(() => joinPieces(base, delta), corrupt, fault)
  }
})

test('a size that lies is found before memory is asked for', () => {
  for (const size of [2 ** 31, 2 ** 32, 2 ** 40, 2 ** 53]) {
    const delta = encodeDelta(3, size, insert(Buffer.from('abc')))
    assert.throws(() => applyDelta(Buffer.from('abc'), delta), corrupt)
    assert.throws(() => joinPieces(Buffer.from('abc'), delta), corrupt)
  }
})

/** What is made, or that nothing is. */
function resultOf(make: () => Buffer): Buffer | string {
  try {
    return make()
  } catch (error) {
    corrupt(error)
    return 'corrupt'
  }
}

test('random bytes never make another error, and the same at once or piece by piece', () => {
  const base = Buffer.from('0123456789')
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 20 }), fc.nat(12), (bytes, size) => {
      const delta = encodeDelta(base.length, size, Buffer.from(bytes))
      assert.deepEqual(
        resultOf(() => joinPieces(base, delta)),
        resultOf(() => applyDelta(base, delta)),
      )
    }),
    { numRuns: IS_WHOLE ? 2000 : 400 },
  )
})
