// An index that grows from an earlier one is that which is made anew, whatever changed.
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { IndexBase } from '../../../src/git/index-base.js'
import { encodeIndex } from '../../../src/git/index-writer.js'
import { indexContent } from '../../../src/publish/history/checkout-index.js'
import type { Snapshot } from '../../../src/publish/snapshot/snapshot.js'
import { commitOn } from '../../helpers/commit-on.js'
import { createHistorySite, type HistorySite } from '../../helpers/history-site.js'
import { randomFrom, randomHistory } from '../../helpers/random-history.js'
import { SEED } from '../../helpers/seed.js'

const encode = (snapshot: Snapshot, base?: IndexBase) => {
  const content = indexContent(snapshot, undefined, base)
  return Buffer.concat(Array.from(encodeIndex(content), (chunk) => Buffer.from(chunk)))
}

const indexOf = (site: HistorySite) => readFileSync(site.at('.git/index'))

for (const objectFormat of ['sha1', 'sha256'] as const) {
  test(`a random ${objectFormat} history has each index as if it was made anew`, async (t) => {
    const site = createHistorySite(t, { objectFormat })
    const trees = randomHistory(randomFrom(SEED))
    const earlier: Buffer[] = []
    let parents: string[] = []
    for (let step = 0; step < 3; step++) {
      parents = [commitOn(site.repo, trees.next().value, parents)]
      await site.follow(parents[0] as string, 1)
      const anew = encode(site.snapshot())
      assert.ok(indexOf(site).equals(anew))
      for (const bytes of earlier) {
        const base = IndexBase.from(Buffer.from(bytes), objectFormat)
        assert.ok(base)
        assert.ok(encode(site.snapshot(), base).equals(anew))
      }
      earlier.push(anew)
    }
  })
}

test('what lies below trees that are the same is taken from the earlier index', async (t) => {
  const site = createHistorySite(t)
  const same = { 'a/1': '1', 'a/b/2': '2', 'z/3': '3', last: '4' }
  await site.follow(commitOn(site.repo, { ...same, 'a-b': '5', 'm/old': '6' }, []), 1)
  const base = IndexBase.from(indexOf(site), 'sha1')
  await site.follow(commitOn(site.repo, { ...same, 'm/new': '7' }, []), 1)
  const { records, trees = [] } = indexContent(site.snapshot(), undefined, base)
  const isTaken = Array.from(records, (record) => Buffer.isBuffer(record))
  // Those of a and of z are bytes already.
  assert.deepEqual(isTaken, [true, false, false, true])
  assert.deepEqual(
    Array.from(trees, (tree) => (Buffer.isBuffer(tree) ? 'taken' : tree.name)),
    ['', 'taken', 'm', 'taken'],
  )
})

test('no index grows from one that is damaged, or in which somebody marked files', async (t) => {
  const site = createHistorySite(t)
  await site.follow(commitOn(site.repo, { a: '1', 'd/b': '2' }, []), 1)
  const isBase = () => IndexBase.from(indexOf(site), 'sha1') !== undefined
  assert.equal(isBase(), true)
  const bytes = indexOf(site)
  bytes[60] = (bytes[60] as number) ^ 1
  assert.equal(IndexBase.from(bytes, 'sha1'), undefined)
  assert.equal(IndexBase.from(bytes.subarray(0, 15), 'sha1'), undefined)
  writeFileSync(site.at('a'), 'other')
  for (const [args, undo] of [
    [
      ['add', 'a'],
      ['reset', '-q', 'a'],
    ],
    [
      ['update-index', '--assume-unchanged', 'd/b'],
      ['update-index', '--no-assume-unchanged', 'd/b'],
    ],
    [
      ['update-index', '--skip-worktree', 'd/b'],
      ['update-index', '--no-skip-worktree', 'd/b'],
    ],
  ] as const) {
    site.git(...args)
    assert.equal(isBase(), false, args.join(' '))
    site.git(...undo)
  }
})
