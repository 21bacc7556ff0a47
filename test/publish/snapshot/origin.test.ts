import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { describe, test } from 'node:test'
import type { Oid } from '../../../src/git/oid.js'
import { decodeTree, MODE } from '../../../src/git/tree.js'
import { decodeChanges, encodeChanges } from '../../../src/publish/snapshot/changes.js'
import { bodiesIn, decodeBodies, pruneOrigin } from '../../../src/publish/snapshot/origin.js'
import {
  decodeSnapshot,
  encodeSnapshot,
  type Snapshot,
} from '../../../src/publish/snapshot/snapshot.js'
import { adoptStaged, readSnapshot, stageSnapshot } from '../../../src/publish/snapshot/store.js'
import { compose } from '../../../src/publish/tree/compose.js'
import { selectionKey } from '../../../src/publish/tree/selection.js'
import { diffTrees } from '../../../src/publish/tree/tree-diff.js'
import fc from '../../helpers/fast-check.js'
import { snapshotAt } from '../../helpers/file-at.js'
import { tempDir } from '../../helpers/git.js'
import { plain, snapshotOf } from '../../helpers/snapshots.js'
import { NAMES, trees } from '../../helpers/tree-arbitrary.js'
import { encodeModel, type ModelTree, modelOf } from '../../helpers/tree-model.js'

const many = (changed: string) =>
  modelOf(
    Object.fromEntries(
      Array.from({ length: 50 }, (_, n) => {
        const names = Array.from({ length: 20 }, (_, m) => [`f${m}`, `${n} ${m}`])
        return [`d${n}`, modelOf(Object.fromEntries([...names, ['z', n === 3 ? changed : 'same']]))]
      }),
    ),
  )
const MOST = ['f*']

/** The snapshot of what patterns want of a tree. */
function partOf(model: ModelTree, sparse: readonly string[]): Snapshot {
  const bodies = new Map<Oid, Buffer>()
  const source = encodeModel(model, bodies)
  const selection = { subdir: '', sparse, lfs: false }
  const readTree = (oid: Oid) => bodies.get(oid) as Buffer
  const composed = compose(source, selection, { readTree, checkpoint() {} })
  const all = new Map([...bodies, ...composed.bodies])
  const { trees } = diffTrees([], composed.tree, (oid) => all.get(oid) as Buffer)
  const unpublished = treesFrom(source, bodies).filter(
    (oid) => !trees.some((tree) => tree.oid === oid),
  )
  const rest = new Map(unpublished.map((oid) => [oid, readTree(oid)]))
  const key = selectionKey(selection) as string
  const whole = snapshotOf(model)
  const stats = whole.stats.slice(0, trees[0]?.files ?? 0)
  return { ...whole, stats, trees, origin: { selection: key, subdir: '', source, trees: rest } }
}

/** The trees that a snapshot must know, sorted: all of its commit's. */
function known(snapshot: Snapshot): string[] {
  return treesFrom(snapshot.origin?.source as Oid, bodiesIn(snapshot)).sort()
}

function treesFrom(source: Oid, bodies: ReadonlyMap<Oid, Buffer>): Oid[] {
  const seen = new Set<Oid>()
  const pending = [source]
  for (let oid = pending.pop(); oid !== undefined; oid = pending.pop()) {
    const body = bodies.get(oid)
    assert.ok(body, `the tree ${oid} is not known`)
    seen.add(oid)
    for (const entry of decodeTree(body, 20)) if (entry.mode === MODE.tree) pending.push(entry.oid)
  }
  return [...seen]
}

const lines = fc.array(fc.constantFrom(...NAMES.slice(0, 7), '/*', '!b', '!/a/'), { minLength: 1 })

describe('a snapshot of a part', () => {
  test('is decoded as it was encoded, with the trees that are not published', () => {
    fc.assert(
      fc.property(trees, lines, (model, sparse) => {
        const part = partOf(model, sparse)
        assert.deepEqual(plain(decodeSnapshot(encodeSnapshot(part))), plain(part))
      }),
    )
  })

  test('is led to by changes, which bring the trees that are new', () => {
    fc.assert(
      fc.property(trees, trees, lines, (from, to, sparse) => {
        const base = { ...partOf(from, sparse), checksum: 'abcd' }
        const next = partOf(to, sparse)
        const led = decodeChanges(encodeChanges(next, base), base) as Snapshot
        assert.deepEqual(known(led), known(next))
        const pruned = { ...led, origin: pruneOrigin(led) }
        assert.deepEqual(plain(pruned), plain({ ...next, origin: pruneOrigin(next) }))
      }),
    )
  })

  test('forgets the trees of earlier commits where it is pruned, and no others', () => {
    const [first, second] = [partOf(many('one'), MOST), partOf(many('two'), MOST)]
    const both = new Map([...(first.origin?.trees ?? []), ...(second.origin?.trees ?? [])])
    const grown = { ...second, origin: { ...second.origin!, trees: both } }
    const pruned = { ...grown, origin: pruneOrigin(grown) }
    assert.equal(pruned.origin?.trees.size, both.size - 2, 'root and d3 of the first')
    assert.deepEqual(known(pruned), known(second))
    assert.equal(pruneOrigin(snapshotOf(many('one'))), undefined)
  })

  test('knows the submodules in it, and their trees', () => {
    const module = partOf(modelOf({ d: modelOf({ e: 'e' }), f: 'f' }), ['f'])
    const [first, second] = [partOf(many('one'), MOST), partOf(many('two'), MOST)]
    const at = { path: 'm', url: 'https://git.example/m', commit: 'd'.repeat(40) }
    const withModule = (part: Snapshot): Snapshot => {
      const { source, trees } = module.origin!
      const modules = [{ ...at, source, tree: module.trees[0]!.oid }]
      return {
        ...part,
        origin: { ...part.origin!, modules, trees: new Map([...trees, ...part.origin!.trees]) },
      }
    }
    const base = { ...withModule(first), checksum: 'abcd' }
    assert.deepEqual(plain(decodeSnapshot(encodeSnapshot(base))), plain(base))
    const led = decodeChanges(encodeChanges(withModule(second), base), base) as Snapshot
    const pruned = { ...led, origin: pruneOrigin(led) }
    assert.deepEqual(pruned.origin?.modules, base.origin?.modules)
    for (const oid of module.origin!.trees.keys()) assert.ok(pruned.origin?.trees.has(oid))
    assert.deepEqual(known(pruned), known(second))
  })

  test('is followed by its changes as long as the same is selected', (t) => {
    const directory = tempDir(t)
    const write = (snapshot: Snapshot) => {
      stageSnapshot(snapshotAt(directory), snapshot, readSnapshot(snapshotAt(directory)))
      adoptStaged(snapshotAt(directory))
      const { origin, ...read } = plain(readSnapshot(snapshotAt(directory))) ?? {}
      const { origin: expected, ...others } = plain(snapshot) ?? {}
      assert.deepEqual(read, others)
      assert.deepEqual([origin?.selection, origin?.source], [expected?.selection, expected?.source])
      return readdirSync(directory).sort()
    }
    const whole = ['snapshot']
    assert.deepEqual(write(partOf(many('one'), MOST)), whole)
    assert.deepEqual(write(partOf(many('two'), MOST)), ['snapshot', 'snapshot.changes'])
    assert.deepEqual(write(partOf(many('two'), ['f*', 'z'])), whole)
    assert.deepEqual(write(snapshotOf(many('two'))), whole)
    assert.deepEqual(write(partOf(many('two'), MOST)), whole)
  })

  test('is none to a version that knows of no parts', () => {
    const version = (snapshot: Snapshot) =>
      /\d/.exec(encodeSnapshot(snapshot).toString('latin1'))?.[0]
    const model = modelOf({ a: 'x', b: 'y' })
    assert.deepEqual([version(snapshotOf(model)), version(partOf(model, ['a']))], ['2', '3'])
  })

  test('has no trees that are cut', () => {
    const row = Buffer.from(`${'ab'.repeat(20)}05000000`, 'hex')
    assert.throws(() => decodeBodies(Buffer.concat([row, Buffer.alloc(4)]), 0, 1, 20), RangeError)
  })
})
