// What is made of measured points: how they grow, their table and their picture.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Points, seriesOf, slopeOf } from './figures.js'
import { plot } from './plot.js'
import { scalingTable } from './table.js'

const POINTS: Points = {
  files: {
    1000: { first: 40, clone: 50, inPlace: 30, peak: 100 },
    100: { first: 4, clone: 10, inPlace: 30 },
    10000: { first: 400, inPlace: 30, peak: 110 },
  },
  entries: { 10: { all: 100, allRest: 60 } },
}

describe('growth', () => {
  test('is the power by which a value grows', () => {
    const sizes = [1, 10, 100, 1000]
    for (const power of [0, 0.5, 1, 2]) {
      const slope = slopeOf(sizes.map((size) => [size, 7 * size ** power]))
      assert.ok(Math.abs(slope - power) < 1e-9, `${slope}`)
    }
  })

  test('is not known of one size', () => {
    assert.ok(Number.isNaN(slopeOf([[10, 1]])))
  })

  test('is of the sizes at which it was measured, ascending', () => {
    assert.deepEqual(seriesOf(POINTS, 'peak'), [
      [1000, 100],
      [10_000, 110],
    ])
  })
})

test('the table has a column for each size, and how it grows', () => {
  const { head, rows } = scalingTable(POINTS, 'files')
  assert.deepEqual(head, ['files', '100', '1,000', '10,000', 'grows with the power'])
  const rowOf = (what: string) => rows.find(([name]) => name === what)?.slice(1)
  assert.deepEqual(rowOf('first publication, time'), ['4.0 ms', '40 ms', '400 ms', '1.00'])
  assert.deepEqual(rowOf('git clone --depth 1, time'), ['10 ms', '50 ms', '', '0.70'])
  assert.deepEqual(rowOf('update of one file, in place, time'), ['30 ms', '30 ms', '30 ms', '0.00'])
  assert.deepEqual(rowOf('git fetch and reset, time'), ['', '', '', ''])
})

test('the picture has a line for each figure of two sizes, and grounds of both kinds', () => {
  const svg = plot(POINTS)
  const lines = svg.match(/<path class="line[^>]*L[^>]*>/g)
  assert.equal(lines?.length, 4)
  assert.equal(svg.match(/class="line git"/g)?.length, 2)
  assert.match(svg, /prefers-color-scheme: dark/)
  assert.doesNotMatch(svg, /NaN|Infinity|undefined/)
  // Each element that is opened is closed.
  const opened = svg.match(/<(?:svg|g|text|title|style)\b/g)?.length
  assert.equal(svg.match(/<\/(?:svg|g|text|title|style)>/g)?.length, opened)
})
