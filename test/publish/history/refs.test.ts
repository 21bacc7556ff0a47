// What becomes of refs, those of somebody above all: none is lost.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { planRefs } from '../../../src/publish/history/refs.js'
import fc from '../../helpers/fast-check.js'

const [A, B, C] = ['a', 'b', 'c'].map((digit) => digit.repeat(40)) as [string, string, string]
const MAIN = 'refs/heads/main'

function plan(
  current: Record<string, string>,
  own: Record<string, string>,
  wanted: Record<string, string>,
) {
  const [now, ours, then] = [current, own, wanted].map((refs) => new Map(Object.entries(refs)))
  const changes = planRefs(now!, ours!, then!)
  return {
    writes: Object.fromEntries(changes.writes),
    deletes: [...changes.deletes],
    kept: [...changes.kept],
  }
}

describe('refs', () => {
  test('that are as wanted stay', () => {
    const refs = { [MAIN]: A }
    assert.deepEqual(plan(refs, refs, refs), { writes: {}, deletes: [], kept: [] })
    assert.deepEqual(plan(refs, {}, refs), { writes: {}, deletes: [], kept: [] })
  })

  test('of this service move, and go', () => {
    const found = plan(
      { [MAIN]: A, 'refs/tags/v1': A },
      { [MAIN]: A, 'refs/tags/v1': A },
      { [MAIN]: B },
    )
    assert.deepEqual(found, { writes: { [MAIN]: B }, deletes: ['refs/tags/v1'], kept: [] })
  })

  test('of somebody stay, and where they must give way, what they led to is kept', () => {
    const current = { [MAIN]: C, 'refs/heads/mine': C, 'refs/tags/v1': B }
    const found = plan(current, { [MAIN]: A, 'refs/tags/v1': A }, { [MAIN]: B })
    assert.deepEqual(found, { writes: { [MAIN]: B }, deletes: [], kept: [C] })
  })

  test('that are directories of others give way', () => {
    const current = { 'refs/heads/a': A, 'refs/heads/b/c': B }
    const found = plan(current, { 'refs/heads/a': A }, { 'refs/heads/a/x': C, 'refs/heads/b': C })
    assert.deepEqual(found.kept, [B])
    assert.deepEqual(found.deletes, ['refs/heads/a', 'refs/heads/b/c'])
  })

  test('end as wanted, and nothing of somebody is lost', () => {
    const name = fc
      .constantFrom('a', 'a/b', 'a/b/c', 'b', 'c/d')
      .map((path) => `refs/heads/${path}`)
    const refs = fc.dictionary(name, fc.constantFrom(A, B, C))
    fc.assert(
      fc.property(refs, refs, refs, (current, own, wanted) => {
        // Only sets that can be on a disk.
        const isSet = (names: string[]) =>
          !names.some((one) => names.some((other) => other.startsWith(`${one}/`)))
        fc.pre(isSet(Object.keys(current)) && isSet(Object.keys(wanted)))
        const { deletes, kept, writes } = plan(current, own, wanted)
        const after = { ...current, ...writes }
        for (const each of deletes) if (!(each in writes)) delete after[each]
        for (const [each, oid] of Object.entries(wanted)) assert.equal(after[each], oid)
        assert.ok(isSet(Object.keys(after)))
        const left = new Set([...Object.values(after), ...kept])
        for (const [each, oid] of Object.entries(current)) {
          if (own[each] !== oid) assert.ok(left.has(oid), `${each} is lost`)
        }
      }),
    )
  })
})
