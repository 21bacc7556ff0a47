// Packs of a few kilobytes that inflate to what memory has not: refused before it is asked for.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CommitMemory } from '../../src/worker/commit-memory.js'
import { failsWith } from '../helpers/fails-with.js'
import { commitOf, objectOf, treeOf } from '../helpers/hostile-objects.js'
import { memoryOf } from '../helpers/memory.js'
import { assemblePack, copy, encodeDelta, insert, readPack } from '../helpers/packs.js'

const MIB = 1 << 20
const checkpoint = () => undefined
const memory = (budgetBytes: number) => new CommitMemory(memoryOf(budgetBytes), checkpoint)
const tooLarge = (text: RegExp) => failsWith('commit-too-large', text)

test('a commit or a tag of megabytes is refused', async () => {
  for (const type of ['commit', 'tag'] as const) {
    const pack = assemblePack([{ type, body: Buffer.alloc(4 * MIB + 1, 'm') }])
    const reading = readPack(pack, { memory: memory(128 * MIB) })
    await assert.rejects(reading, tooLarge(/of more than 4 MiB/))
  }
})

test('a tree may take an eighth of the budget, whole or by a delta', async () => {
  const base = Buffer.alloc(MIB)
  const delta = encodeDelta(MIB, MIB + 1, copy(0, MIB), insert(Buffer.from('x')))
  const pack = assemblePack([
    { type: 'tree', body: base },
    { base: { entry: 0 }, delta },
  ])
  await readPack(pack, { memory: memory(9 * MIB) })
  await assert.rejects(readPack(pack, { memory: memory(8 * MIB) }), tooLarge(/MEMORY_BUDGET/))
  await assert.rejects(readPack(pack, { memory: memory(7 * MIB) }), tooLarge(/MEMORY_BUDGET/))
})

test('an ordinary commit fits a small budget', async () => {
  const blob = objectOf('blob', 'x')
  const tree = treeOf([['file', blob]])
  const commit = commitOf(tree)
  const pack = await readPack(assemblePack([commit, tree, blob]), { memory: memory(MIB) })
  assert.ok(pack.has(commit.oid))
})
