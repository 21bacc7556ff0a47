// What is remembered of entries, against plain lists and maps.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { EntryList } from '../../src/pack/entry-list.js'
import fc from '../helpers/fast-check.js'

const oidOf = (number: number, format: 'sha1' | 'sha256') =>
  createHash(format).update(String(number)).digest('hex')

for (const format of ['sha1', 'sha256'] as const) {
  test(`thousands of entries are found again, by ${format} and by where they start`, () => {
    const entries = new EntryList(format)
    const count = 5000
    for (let index = 0; index < count; index++) {
      assert.equal(entries.find(oidOf(index, format)), undefined)
      assert.equal(
        entries.add(12 + index * 2 ** 33, index % 3 === 2 ? index - 1 : undefined),
        index,
      )
      // Every tenth object is there twice.
      const isNew = entries.resolve(index, oidOf(index % 10 === 9 ? index - 1 : index, format))
      assert.equal(isNew, index % 10 !== 9)
    }
    assert.equal(entries.unresolvedCount, 0)
    for (let index = 0; index < count; index++) {
      assert.equal(entries.find(oidOf(index, format)), index % 10 === 9 ? undefined : index)
      assert.equal(entries.startingAt(12 + index * 2 ** 33), index)
      assert.equal(entries.startingAt(13 + index * 2 ** 33), undefined)
      assert.equal(entries.baseOf(index), index % 3 === 2 ? index - 1 : undefined)
    }
    assert.equal(entries.offsetOf(count), undefined)
  })
}

test('a base outside of the pack is remembered until it comes', () => {
  const entries = new EntryList('sha1')
  const base = oidOf(1, 'sha1')
  const index = entries.add(12, base)
  assert.deepEqual([entries.baseOf(index), entries.isResolved(index)], [base, false])
  assert.equal(entries.unresolvedCount, 1)
  entries.setBase(index, entries.add(100, undefined))
  assert.equal(entries.baseOf(index), 1)
})

test('an oid of another format is not there', () => {
  const entries = new EntryList('sha1')
  entries.resolve(entries.add(12, undefined), oidOf(1, 'sha1'))
  assert.equal(entries.find(oidOf(1, 'sha256')), undefined)
})

test('of the bytes of entries, those are needed whose object is not elsewhere', () => {
  const sizes = fc.array(fc.record({ size: fc.integer({ min: 1, max: 6 }), isLeft: fc.boolean() }))
  fc.assert(
    fc.property(sizes, fc.nat(60), fc.nat(60), (list, one, other) => {
      const [start, end] = [Math.min(one, other), Math.max(one, other)]
      const entries = new EntryList('sha1')
      const expected: number[] = []
      let offset = 12
      for (const [at, { isLeft, size }] of list.entries()) {
        const index = entries.add(offset, undefined)
        entries.resolve(index, oidOf(at, 'sha1'))
        if (isLeft) entries.leave(index)
        assert.equal(entries.elsewhere(index), isLeft ? oidOf(at, 'sha1') : undefined)
        assert.ok(entries.isResolved(index))
        // The last one has no end yet.
        const until = at === list.length - 1 ? end : offset + size
        for (let byte = offset; byte < until; byte++) {
          if (!isLeft && byte >= start && byte < end) expected.push(byte)
        }
        offset += size
      }
      const parts = [...entries.needed(start, end)]
      const found = parts.flatMap(([from, to]) =>
        Array.from({ length: to - from }, (_, n) => from + n),
      )
      assert.deepEqual(found, expected)
    }),
  )
})
