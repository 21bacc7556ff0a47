import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Oid } from '../../../src/git/oid.js'
import { decodeTree, MODE } from '../../../src/git/tree.js'
import { diffTrees, type TreeDiff } from '../../../src/publish/tree/tree-diff.js'
import type { TreeFile, TreeRecord } from '../../../src/publish/tree/tree-places.js'
import fc from '../../helpers/fast-check.js'
import { memoryTarget } from '../../helpers/git-target.js'
import { IS_WHOLE } from '../../helpers/seed.js'
import { NAMES, trees } from '../../helpers/tree-arbitrary.js'
import {
  addTree,
  encodeModel,
  type FlatFile,
  flatten,
  isTree,
  type ModelTree,
  modelOf,
  modelTarget,
} from '../../helpers/tree-model.js'

/** Two trees, the second most often a variation of the first. */
const pairs = fc.oneof(
  fc.tuple(trees, trees),
  fc
    .tuple(trees, fc.constantFrom(...NAMES), trees)
    .map(([tree, name, other]): [ModelTree, ModelTree] => [tree, new Map(tree).set(name, other)]),
  fc
    .tuple(trees, trees)
    .map(([tree, other]): [ModelTree, ModelTree] => [tree, new Map([...other, ...tree])]),
)

function diff(from: ModelTree | undefined, to: ModelTree): { diff: TreeDiff; reads: number } {
  const old = from ? diff(undefined, from).diff.trees : []
  const target = modelTarget(to)
  return { diff: diffTrees(old, target.tree, target.readTree), reads: target.reads.trees }
}

describe('diffTrees', () => {
  test('of two trees turns the files of the first into those of the second', () => {
    fc.assert(
      fc.property(pairs, ([from, to]) => {
        const { kept, ...compared } = diff(from, to).diff
        const [writes, deletes] = [filesIn(compared.writes), filesIn(compared.deletes)]
        const [old, wanted] = [flatten(from), flatten(to)]
        const files = new Map(old.map((file) => [file.path, file]))
        for (const { index, ...file } of deletes) {
          assert.deepEqual(file, old[index])
          assert.ok(files.delete(file.path))
        }
        for (const { index, ...file } of writes) {
          assert.deepEqual(file, wanted[index])
          assert.notDeepEqual(files.get(file.path), file, 'what is right is not written')
          files.set(file.path, file)
        }
        assert.deepEqual([...files.values()].sort(byPath), [...wanted].sort(byPath))
        const keptIndexes = kept.flatMap(({ from: first, to: second, count }) =>
          Array.from({ length: count }, (_, step) => {
            assert.deepEqual(old[first + step], wanted[second + step])
            return second + step
          }),
        )
        const indexes = [...keptIndexes, ...writes.map(({ index }) => index)]
        assert.deepEqual(indexes.sort(numerically), [...wanted.keys()])
      }),
      { numRuns: IS_WHOLE ? 500 : 100 },
    )
  })

  test('records the whole new tree, whatever it was compared with', () => {
    fc.assert(
      fc.property(pairs, ([from, to]) => {
        const { diff: compared } = diff(from, to)
        assert.deepEqual(compared.trees, diff(undefined, to).diff.trees)
        assert.deepEqual(decodeRecords(compared.trees), flatten(to))
      }),
    )
  })

  test('reads no subtree that is at the same path in both', () => {
    fc.assert(
      fc.property(pairs, ([from, to]) => {
        assert.equal(diff(from, to).reads, changedTrees(from, to))
      }),
    )
  })

  test('of a tree and itself is empty and reads nothing', () => {
    fc.assert(
      fc.property(trees, (tree) => {
        const { diff: none, reads } = diff(tree, tree)
        assert.deepEqual([none.writes.length, none.deletes.length, reads], [0, 0, 0])
        assert.equal(count(none), flatten(tree).length)
      }),
    )
  })

  test('joins neighbouring unchanged files into one run', () => {
    const from = modelOf({ a: '1', b: modelOf({ c: '2', d: '3' }), e: '4', f: '5' })
    const to = modelOf({ a: '1', b: modelOf({ c: '2', d: '3' }), e: 'new', f: '5' })
    assert.deepEqual(diff(from, to).diff.kept, [
      { from: 0, to: 0, count: 3 },
      { from: 4, to: 4, count: 1 },
    ])
  })

  test('knows a file and a directory of one name apart', () => {
    const from = modelOf({ x: 'file', 'x.c': 'between', y: modelOf({ f: '1' }) })
    const to = modelOf({ x: modelOf({ f: '1' }), 'x.c': 'between', y: 'file' })
    const { writes, deletes } = diff(from, to).diff
    assert.deepEqual(paths(deletes), ['x', 'y/f'])
    assert.deepEqual(paths(writes), ['x/f', 'y'])
  })

  test('takes sha256 trees', () => {
    const objects = new Map<Oid, Buffer>()
    const [file, root] = ['1'.repeat(64), '2'.repeat(64)]
    const { body } = treeOf([{ name: 'a', mode: MODE.file, oid: file }])
    objects.set(root, body)
    const { writes } = diffTrees([], root, memoryTarget(root, root, objects).readTree)
    assert.deepEqual(filesIn(writes), [{ path: 'a', mode: MODE.file, oid: file, index: 0 }])
  })

  test('refuses a tree nested deeper than any path can be', () => {
    const objects = new Map<Oid, Buffer>()
    let oid = addTree([], objects)
    for (let depth = 0; depth < 20_000; depth++) {
      oid = addTree([{ name: 'd', mode: MODE.tree, oid }], objects)
    }
    assert.throws(() => diffTrees([], oid, memoryTarget(oid, oid, objects).readTree), {
      code: 'unsafe-tree',
    })
  })

  test('of 50,000 files reads what differs', () => {
    const directory = modelOf(
      Object.fromEntries(Array.from({ length: 500 }, (_, n) => [`f${n}`, 'x'])),
    )
    const from = modelOf(
      Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`d${n}`, directory])),
    )
    const { diff: compared, reads } = diff(from, new Map(from).set('d50', modelOf({})))
    assert.equal(compared.deletes.length, 500)
    assert.equal(reads, 2)
  })
})

function treeOf(entries: { name: string; mode: number; oid: Oid }[]): { body: Buffer } {
  const objects = new Map<Oid, Buffer>()
  return { body: objects.get(addTree(entries, objects)) as Buffer }
}

function paths(files: Iterable<TreeFile>): string[] {
  return Array.from(files, ({ path }) => path)
}

/** The files, without where their entries are. */
function filesIn(files: Iterable<TreeFile>): TreeFile[] {
  return Array.from(files, ({ index, mode, oid, path }) => ({ path, mode, oid, index }))
}

function count({ kept }: TreeDiff): number {
  return kept.reduce((sum, run) => sum + run.count, 0)
}

function byPath(left: FlatFile, right: FlatFile): number {
  return left.path < right.path ? -1 : 1
}

function numerically(left: number, right: number): number {
  return left - right
}

/** How many different directories of `to` are not the same in `from`. */
function changedTrees(
  from: ModelTree | undefined,
  to: ModelTree,
  changed = new Set<Oid>(),
): number {
  const objects = new Map<Oid, Buffer>()
  const oid = encodeModel(to, objects)
  if (from && encodeModel(from, objects) === oid) return changed.size
  changed.add(oid)
  for (const [name, node] of to) {
    const old = from?.get(name)
    if (isTree(node)) changedTrees(old && isTree(old) ? old : undefined, node, changed)
  }
  return changed.size
}

/** Reads the files back from tree occurrences in pre-order, and checks their counts. */
function decodeRecords(records: readonly TreeRecord[]): FlatFile[] {
  let next = 0
  const visit = (directory: string): FlatFile[] => {
    const start = next
    const record = records[next++] as TreeRecord
    const files = decodeTree(record.body, 20).flatMap(({ name, mode, oid }) => {
      const path = directory + name
      if (mode !== MODE.tree) return [{ path, mode, oid }]
      assert.equal(records[next]?.oid, oid)
      return visit(`${path}/`)
    })
    assert.equal(record.trees, next - start)
    assert.equal(record.files, files.length)
    return files
  }
  const files = visit('')
  assert.equal(next, records.length)
  return files
}
