import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, test } from 'node:test'
import { FileStats, STAT_FIELDS } from '../../../src/publish/snapshot/file-stats.js'
import { seal } from '../../../src/publish/snapshot/sealed-bytes.js'
import { decodeSnapshot, encodeSnapshot } from '../../../src/publish/snapshot/snapshot.js'
import fc from '../../helpers/fast-check.js'
import { assertLinear } from '../../helpers/growth.js'
import { plain, snapshotOf } from '../../helpers/snapshots.js'
import { modelOf } from '../../helpers/tree-model.js'

const SMALL = snapshotOf(modelOf({ a: 'x', d: modelOf({ '\xff': 'y', e: modelOf({ f: 'z' }) }) }))

describe('a snapshot', () => {
  test('is decoded as it was encoded', () => {
    assert.deepEqual(plain(decodeSnapshot(encodeSnapshot(SMALL))), plain(SMALL))
  })

  test('holds sha256 oids', () => {
    const body = Buffer.from(`100644 a\0${'x'.repeat(32)}100644 b\0${'y'.repeat(32)}`)
    const tree = { oid: '7'.repeat(64), body, trees: 1, files: 2 }
    const stats = FileStats.of(new Float64Array(2 * STAT_FIELDS).fill(1.5))
    const commit = '8'.repeat(64)
    const snapshot = { ...SMALL, commit, trees: [tree], stats }
    assert.deepEqual(plain(decodeSnapshot(encodeSnapshot(snapshot))), plain(snapshot))
  })

  test('of an earlier version is read, and no summary is known', () => {
    const { summary, ...without } = SMALL
    const earlier = encodeSnapshot(without)
    assert.ok(summary && !earlier.includes('summary'))
    assert.deepEqual(plain(decodeSnapshot(earlier)), plain({ ...without, summary: undefined }))
  })

  test('of an empty tree is decoded', () => {
    const empty = snapshotOf(modelOf({}))
    assert.deepEqual(plain(decodeSnapshot(encodeSnapshot(empty))), plain(empty))
  })

  test('keeps any number', () => {
    fc.assert(
      fc.property(fc.array(fc.double(), { minLength: 3 * STAT_FIELDS }), (numbers) => {
        const stats = FileStats.of(Float64Array.from(numbers.slice(0, 3 * STAT_FIELDS)))
        const snapshot = { ...SMALL, stats }
        assert.deepEqual(plain(decodeSnapshot(encodeSnapshot(snapshot))), plain(snapshot))
      }),
    )
  })

  test('with any byte changed counts as none', () => {
    const bytes = encodeSnapshot(SMALL)
    for (let index = 0; index < bytes.length; index++) {
      for (const change of [0x01, 0x80, 0xff]) {
        const damaged = Buffer.from(bytes)
        damaged[index]! ^= change
        assert.equal(decodeSnapshot(damaged), undefined, `byte ${index}`)
      }
    }
  })

  test('cut anywhere, or with more behind it, counts as none', () => {
    const bytes = encodeSnapshot(SMALL)
    for (let length = 0; length < bytes.length; length++) {
      assert.equal(decodeSnapshot(bytes.subarray(0, length)), undefined, `${length} bytes`)
    }
    assert.equal(decodeSnapshot(Buffer.concat([bytes, Buffer.alloc(1)])), undefined)
    assert.equal(decodeSnapshot(Buffer.alloc(bytes.length)), undefined)
  })

  test('of another version counts as none', () => {
    const other = encodeSnapshot(SMALL).toString('latin1').slice(0, -20).replace(/\d\n/, '9\n')
    const content = Buffer.from(other, 'latin1')
    const checksum = createHash('sha1').update(content).digest()
    assert.equal(decodeSnapshot(Buffer.concat([content, checksum])), undefined)
  })

  test('that names what is not below it, or says wrong how much it holds, counts as none', () => {
    const whole = snapshotOf(modelOf({ a: 'x', d: modelOf({ bbbb: 'y' }) }))
    const renamed = (name: string) =>
      whole.trees.map((tree) => ({
        ...tree,
        body: Buffer.from(tree.body.toString('latin1').replace('bbbb', name), 'latin1'),
      }))
    const decode = (change: Partial<typeof whole>) =>
      decodeSnapshot(encodeSnapshot({ ...whole, ...change }))
    assert.ok(decode({ trees: renamed('.bbb') }))
    for (const name of ['..', '.', '', '../b', 'b/bb', '.git', 'GIT~1', '.git-autosync']) {
      assert.equal(decode({ trees: renamed(name) }), undefined, JSON.stringify(name))
    }
    for (const field of ['trees', 'files'] as const) {
      for (const at of whole.trees.keys()) {
        const trees = whole.trees.map((tree, n) =>
          n === at ? { ...tree, [field]: tree[field] + 1 } : tree,
        )
        assert.equal(decode({ trees }), undefined, `${field} of ${at}`)
      }
    }
    assert.equal(decode({ stats: new FileStats(4) }), undefined)
  })

  test('of which only the sum is right counts as none', () => {
    for (const header of ['', 'no JSON', '{}', '{"commit":"ab","trees":1e9,"files":1e9}']) {
      const bytes = Buffer.from(`git-autosync snapshot 2\n${header}\n${'\0'.repeat(20)}`)
      assert.equal(decodeSnapshot(seal(bytes)), undefined, header)
    }
  })

  test('costs its share of files: up to 20,000 in 2,000 directories', () => {
    const files = Object.fromEntries(Array.from({ length: 10 }, (_, n) => [`file-${n}`, `${n}`]))
    const snapshots = [250, 2_000].map((length) => {
      const directories = Array.from({ length }, (_, n) => [`d${n}`, modelOf(files)])
      return [length, snapshotOf(modelOf(Object.fromEntries(directories)))] as const
    })
    assertLinear(250, (size) => {
      const [, snapshot] = snapshots.find(([length]) => length === size) ?? []
      const decoded = snapshot && decodeSnapshot(encodeSnapshot(snapshot))
      assert.equal(decoded?.stats.count, 10 * size)
      assert.deepEqual(decoded?.trees.at(-1), snapshot?.trees.at(-1))
    })
  })
})
