// What is remembered of entries, against plain lists and maps.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { EntryList } from '../../src/pack/entry-list.js'

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
