import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { FileStats, STAT_FIELDS } from '../../../src/publish/snapshot/file-stats.js'
import fc from '../../helpers/fast-check.js'
import { recordsOf } from '../../helpers/snapshots.js'

type Records = number[][]

const ZEROS = [0, 0, 0, 0]

const tableOf = (records: Records) => FileStats.of(Float64Array.from(records.flat()))

/** Records that tell one file from another. */
const numbered = (count: number, start = 1): Records =>
  Array.from({ length: count }, (_, index) => [start + index, index, -index, start])

/** Runs that stay, of up to so many files, which leave out some and have others between. */
const KEPT = fc
  .array(fc.record({ left: fc.nat(3), added: fc.nat(3), count: fc.integer({ min: 1, max: 300 }) }))
  .map((steps) => {
    const runs: { from: number; to: number; count: number }[] = []
    let [from, to] = [0, 0]
    for (const { added, count, left } of steps) {
      from += left
      to += added
      runs.push({ from, to, count })
      from += count
      to += count
    }
    return runs
  })

describe('what is remembered of files', () => {
  test('is carried over, changed and compared as plain records are', () => {
    fc.assert(
      fc.property(
        KEPT,
        fc.nat(300),
        fc.nat(300),
        fc.array(fc.nat(2000)),
        (kept, before, after, changes) => {
          const last = kept.at(-1) ?? { from: 0, to: 0, count: 0 }
          const old = numbered(last.from + last.count + before)
          const count = last.to + last.count + after
          const expected: Records = Array.from({ length: count }, () => ZEROS)
          for (const run of kept) {
            for (let at = 0; at < run.count; at++) {
              expected[run.to + at] = old[run.from + at] as number[]
            }
          }
          const table = tableOf(old)
          const carried = table.carry(kept, count)
          assert.deepEqual(recordsOf(carried), expected)
          const isKept = (index: number) =>
            kept.some(({ to, count }) => index >= to && index < to + count)
          const places = new Set([...expected.keys()].filter((index) => !isKept(index)))
          const again = carried.first(count)
          for (const index of changes.filter((index) => index < count)) {
            again.set(index, [-7, 1, 2, 3])
            expected[index] = [-7, 1, 2, 3]
            places.add(index)
          }
          assert.deepEqual(recordsOf(again), expected)
          assert.deepEqual(
            again.placesBeyond(table, kept),
            [...places].sort((one, other) => one - other),
          )
          assert.equal(
            again.equals(carried),
            changes.every((index) => index >= count),
          )
          assert.deepEqual(recordsOf(table), old)
          assert.deepEqual(Buffer.concat([...again.bytes()]), bytesOf(expected))
        },
      ),
    )
  })

  test('is changed for nobody else, whichever was made of the other', () => {
    const [count, kept] = [300, [{ from: 0, to: 0, count: 300 }]]
    const table = new FileStats(count)
    const change = (index: number, value: number) => table.set(index, [value, 0, 0, 0])
    for (let index = 0; index < count; index++) change(index, 1)
    const shared = [table.first(count), table.carry(kept, count), table.slice(0, 200)]
    change(150, 2)
    assert.deepEqual(
      shared.map((stats) => stats.field(150, 0)),
      [1, 1, 1],
    )
  })

  test('takes memory for what changed, however much there is', () => {
    const count = 50_000
    const table = tableOf(numbered(count))
    const kept = [
      { from: 0, to: 0, count: 30_000 },
      { from: 30_001, to: 30_001, count: count - 30_001 },
    ]
    const next = table.carry(kept, count)
    next.set(30_000, [1, 2, 3, 4])
    const bytes = next.bytesBeside(table)
    assert.ok(bytes > 0 && bytes <= 4096, `${bytes} bytes`)
    assert.deepEqual(next.placesBeyond(table), [30_000])
  })
})

function bytesOf(records: Records): Buffer {
  const fields = Float64Array.from(records.flat())
  assert.equal(fields.length, records.length * STAT_FIELDS)
  return Buffer.from(fields.buffer)
}
