import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Oid } from '../../../src/git/oid.js'
import { MODE } from '../../../src/git/tree.js'
import { BlobIndex } from '../../../src/publish/tree/blob-index.js'
import { FileRuns, filesOf } from '../../../src/publish/tree/file-runs.js'
import { diffTrees } from '../../../src/publish/tree/tree-diff.js'
import type { PlacedFile } from '../../../src/publish/tree/tree-places.js'
import fc from '../../helpers/fast-check.js'
import { memoryTarget } from '../../helpers/git-target.js'
import { assertLinear } from '../../helpers/growth.js'
import { trees } from '../../helpers/tree-arbitrary.js'
import { addTree, type ModelTree, modelTarget } from '../../helpers/tree-model.js'

function filesIn(tree: ModelTree): { files: FileRuns; list: PlacedFile[] } {
  const target = modelTarget(tree)
  const files = filesOf(diffTrees([], target.tree, target.readTree))
  return { files, list: [...files] }
}

function indexOf({ files, list }: ReturnType<typeof filesIn>): BlobIndex {
  const index = new BlobIndex(files.places)
  for (const file of list) index.add(file)
  return index
}

const having = (list: readonly PlacedFile[], oid: Oid) => list.filter((file) => file.oid === oid)

test('files are found by their blob, in the order of the tree', () => {
  fc.assert(
    fc.property(trees, (tree) => {
      const given = filesIn(tree)
      const index = indexOf(given)
      for (const { oid } of given.list) {
        assert.deepEqual([...index.find(oid)], having(given.list, oid))
      }
      assert.deepEqual([...index.find('f'.repeat(40))], [])
    }),
  )
})

test('files are taken once, also where more are added between', () => {
  fc.assert(
    fc.property(trees, fc.nat(20), (tree, early) => {
      const given = filesIn(tree)
      const index = new BlobIndex(given.files.places)
      const expected: PlacedFile[] = []
      const taken: PlacedFile[] = []
      const found = new Map<Oid, PlacedFile>()
      const takeNext = (oid: Oid) => {
        for (const { file, isFound } of index.take(oid)) {
          assert.equal(isFound, !found.has(oid))
          if (isFound) found.set(oid, file)
          taken.push(file)
        }
      }
      for (const [n, file] of given.list.entries()) {
        index.add(file)
        expected.push(file)
        if (n % (early + 1) === 0) takeNext(file.oid)
        assert.deepEqual(index.taken(file.oid), found.get(file.oid))
      }
      for (const oid of index.left()) takeNext(oid)
      const byIndex = (one: PlacedFile, other: PlacedFile) => one.index - other.index
      assert.deepEqual(taken.sort(byIndex), expected)
      assert.deepEqual([...index.left()], [])
      for (const { oid } of expected) {
        assert.deepEqual(index.taken(oid), found.get(oid))
        assert.deepEqual([...index.find(oid)], [])
      }
    }),
  )
})

test('blobs whose oids were made up to be alike are found as others are', () => {
  assertLinear(1000, (count) => {
    const objects = new Map<Oid, Buffer>()
    const alike = (n: number) => n.toString(16).padStart(40, '0')
    const entries = Array.from({ length: count }, (_, n) => ({
      name: String(n).padStart(8, '0'),
      mode: MODE.file,
      oid: alike(n),
    }))
    const target = memoryTarget('c'.repeat(40), addTree(entries, objects), objects)
    const files = filesOf(diffTrees([], target.tree, target.readTree))
    const index = indexOf({ files, list: [...files] })
    for (let n = 0; n < count; n++) assert.equal([...index.take(alike(n))].length, 1)
  })
})

test('some places of a tree, more of them, and all others, are what was asked for', () => {
  fc.assert(
    fc.property(trees, fc.array(fc.boolean()), fc.array(fc.boolean()), (tree, one, other) => {
      const { files, list } = filesIn(tree)
      const places = [...list.keys()]
      const isIn = (index: number) => one[index] === true
      const some = files.only(places.filter(isIn))
      assert.deepEqual(
        [...some],
        list.filter(({ index }) => isIn(index)),
      )
      assert.equal(some.length, [...some].length)
      assert.deepEqual(
        [...some.others()],
        list.filter(({ index }) => !isIn(index)),
      )
      const more = some.with(places.filter((index) => other[index] === true))
      assert.deepEqual(
        [...more],
        list.filter(({ index }) => isIn(index) || other[index] === true),
      )
      assert.deepEqual([...new FileRuns(files.places, more.runs)], [...more])
    }),
  )
})
