import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import {
  decodeSnapshot,
  encodeSnapshot,
  STAT_FIELDS,
} from '../../../src/publish/snapshot/snapshot.js'
import { plain, snapshotOf } from '../../helpers/snapshots.js'
import { modelOf } from '../../helpers/tree-model.js'

const SMALL = snapshotOf(modelOf({ a: 'x', d: modelOf({ '\xff': 'y', e: modelOf({ f: 'z' }) }) }))

describe('a snapshot', () => {
  test('is decoded as it was encoded', () => {
    assert.deepEqual(plain(decodeSnapshot(encodeSnapshot(SMALL))), plain(SMALL))
  })

  test('holds sha256 oids', () => {
    const tree = { oid: '7'.repeat(64), body: Buffer.from('body'), trees: 1, files: 2 }
    const stats = new Float64Array(2 * STAT_FIELDS).fill(1.5)
    const commit = '8'.repeat(64)
    const snapshot = { ...SMALL, commit, trees: [tree], stats }
    assert.deepEqual(plain(decodeSnapshot(encodeSnapshot(snapshot))), plain(snapshot))
  })

  test('of an empty tree is decoded', () => {
    const empty = snapshotOf(modelOf({}))
    assert.deepEqual(plain(decodeSnapshot(encodeSnapshot(empty))), plain(empty))
  })

  test('keeps any number', () => {
    fc.assert(
      fc.property(fc.array(fc.double(), { minLength: 4 * STAT_FIELDS }), (numbers) => {
        const stats = Float64Array.from(numbers.slice(0, 4 * STAT_FIELDS))
        assert.deepEqual(decodeSnapshot(encodeSnapshot({ ...SMALL, stats }))?.stats, stats)
      }),
    )
  })

  test('with any byte changed counts as none', () => {
    const bytes = encodeSnapshot(SMALL)
    for (let index = 0; index < bytes.length; index++) {
      for (const change of [0x01, 0x80, 0xff]) {
        const damaged = Buffer.from(bytes)
        damaged[index]! ^= change
        assert.equal(decodeSnapshot(damaged), undefined, `byte ${index}`)
      }
    }
  })

  test('cut anywhere, or with more behind it, counts as none', () => {
    const bytes = encodeSnapshot(SMALL)
    for (let length = 0; length < bytes.length; length++) {
      assert.equal(decodeSnapshot(bytes.subarray(0, length)), undefined, `${length} bytes`)
    }
    assert.equal(decodeSnapshot(Buffer.concat([bytes, Buffer.alloc(1)])), undefined)
    assert.equal(decodeSnapshot(Buffer.alloc(bytes.length)), undefined)
  })

  test('of another version counts as none', () => {
    const other = encodeSnapshot(SMALL).toString('latin1').slice(0, -20).replace(/\d\n/, '9\n')
    const content = Buffer.from(other, 'latin1')
    const checksum = createHash('sha1').update(content).digest()
    assert.equal(decodeSnapshot(Buffer.concat([content, checksum])), undefined)
  })

  test('of 20,000 files in 2,000 directories takes a moment', () => {
    const files = Object.fromEntries(Array.from({ length: 10 }, (_, n) => [`file-${n}`, `${n}`]))
    const directories = Array.from({ length: 2_000 }, (_, n) => [`d${n}`, modelOf(files)])
    const large = snapshotOf(modelOf(Object.fromEntries(directories)))
    const startedAt = performance.now()
    const decoded = decodeSnapshot(encodeSnapshot(large))
    assert.ok(performance.now() - startedAt < 2_000)
    assert.equal(decoded?.stats.length, 20_000 * STAT_FIELDS)
    assert.deepEqual(decoded?.trees.at(-1), large.trees.at(-1))
  })
})
