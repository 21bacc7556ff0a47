// How much memory the plan of a commit takes, and that it is drawn before it is taken.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { diffTrees } from '../../../src/publish/tree/tree-diff.js'
import { failsWith } from '../../helpers/fails-with.js'
import { type NamedObject, treeBomb } from '../../helpers/hostile-objects.js'
import { blob } from '../../helpers/packs.js'

const MIB = 2 ** 20

/** Six trees that stand for a million directories and files. */
const BOMB = treeBomb(10, 6, blob(''))
const ROOT = (BOMB[0] as NamedObject).oid
const bodies = new Map(BOMB.map(({ oid, body }) => [oid, body]))
const readTree = (oid: string) => bodies.get(oid) as Buffer

test('a plan of a million files takes few bytes for each', () => {
  let held = 0
  const memory = {
    maxTreesBytes: MIB,
    hold(_purpose: string, bytes: number) {
      held = bytes
    },
  }
  const before = process.memoryUsage()
  const diff = diffTrees([], ROOT, readTree, { memory })
  const after = process.memoryUsage()
  assert.equal(diff.writes.length, 1_000_000)
  const grown = after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers
  assert.ok(grown < 60 * MIB, `${Math.round(grown / MIB)} MiB`)
  assert.ok(held > 1_000_000 * 64 && held < 1_200_000 * 100, `${held} bytes are held`)
})

test('trees that are too large together are refused', () => {
  const memory = { maxTreesBytes: 1000, hold() {} }
  assert.throws(
    () => diffTrees([], ROOT, readTree, { memory }),
    failsWith('commit-too-large', /more than 1,?000 bytes, half of MEMORY_BUDGET/),
  )
})
