// What is waited for, at a start with many entries: that it is asked often costs little.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Readiness } from '../../src/sync/readiness.js'
import { type EntryRecords, newRecords } from '../../src/sync/state/records.js'
import { listed } from '../helpers/fake-sync.js'

type Written = { -readonly [K in keyof EntryRecords]: EntryRecords[K] }

function setUp(...entries: object[]) {
  const all: Written[] = listed(entries).map(newRecords)
  let looks = 0
  const readiness = new Readiness(() => {
    looks++
    return all.filter(({ desired }) => desired.listing === 'listed')
  })
  return {
    readiness,
    looks: () => looks,
    publish(at: number) {
      const records = all[at] as Written
      records.observed = { ...records.observed, hasContent: true }
    },
    change(at: number, desired: Partial<EntryRecords['desired']>) {
      const records = all[at] as Written
      records.desired = { ...records.desired, ...desired }
    },
  }
}

test('while one entry is waited for, the others are not looked at', () => {
  const { looks, publish, readiness } = setUp({ path: 'a' }, { path: 'b' }, { path: 'c' })
  for (let time = 0; time < 10; time++) assert.equal(readiness.hasStarted(), false)
  publish(1)
  assert.deepEqual([readiness.hasStarted(), looks()], [false, 1])
  publish(0)
  assert.deepEqual([readiness.hasStarted(), looks()], [false, 2])
  publish(2)
  assert.deepEqual([readiness.hasStarted(), looks()], [true, 3])
})

test('an entry is waited for no more once it leaves the listing', () => {
  const { change, publish, readiness } = setUp({ path: 'a' }, { path: 'b' })
  publish(1)
  assert.equal(readiness.hasStarted(), false)
  change(0, { listing: 'removed' })
  assert.equal(readiness.hasStarted(), true)
})

test('an entry is waited for no more once it is not required', () => {
  const { change, publish, readiness } = setUp({ path: 'a' }, { path: 'b' })
  publish(1)
  assert.equal(readiness.hasStarted(), false)
  const [entry] = listed([{ path: 'a', required: false }])
  assert.ok(entry)
  change(0, { entry })
  assert.equal(readiness.hasStarted(), true)
})
