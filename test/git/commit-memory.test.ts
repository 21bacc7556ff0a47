// Packs of a few kilobytes that inflate to what memory has not: refused before it is asked for.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { CommitMemory } from '../../src/git/commit-memory.js'
import {
  closePart,
  createMemoryBudget,
  hasReserve,
  openPart,
} from '../../src/thread/memory-budget.js'
import { failsWith } from '../helpers/fails-with.js'
import { commitOf, objectOf, treeOf } from '../helpers/hostile-objects.js'
import { memoryOf } from '../helpers/memory.js'
import { assemblePack, copy, encodeDelta, insert, packReader, readPack } from '../helpers/packs.js'

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

test('who wants more than all of it waits for the reserve, and then has it alone', () => {
  const budget = createMemoryBudget(16 * MIB)
  const parts = [openPart(budget, 1 / 8), openPart(budget, 1 / 8)] as const
  const waits = new Error('it waits')
  const impatient = () => {
    throw waits
  }
  const [one, other] = parts.map((part) => new CommitMemory(part, impatient))
  one?.hold('plan', 100 * MIB)
  assert.ok(hasReserve(parts[0]))
  other?.hold('plan', 2 * MIB)
  assert.throws(() => other?.hold('plan', 3 * MIB), waits)
  closePart(parts[0])
  other?.hold('plan', 3 * MIB)
  assert.ok(hasReserve(parts[1]))
})

test('what is held for one purpose is the most of it, and of several the sum', () => {
  const part = openPart(createMemoryBudget(16 * MIB), 1 / 8)
  const held = new CommitMemory(part, checkpoint)
  held.hold('objects', MIB)
  held.hold('objects', MIB)
  held.hold('objects', MIB / 2)
  held.hold('plan', MIB)
  assert.ok(!hasReserve(part))
  held.hold('plan', MIB + 1)
  assert.ok(hasReserve(part))
})

test('a tree takes memory as its bytes come, and none by what it claims', async () => {
  const part = openPart(createMemoryBudget(128 * MIB), 1 / 32)
  const pack = assemblePack([{ type: 'tree', body: randomBytes(8 * MIB) }])
  const reader = packReader({ memory: new CommitMemory(part, checkpoint) })
  await reader.write(pack.subarray(0, MIB))
  assert.ok(!hasReserve(part), 'what has come fits its own part')
  await reader.write(pack.subarray(MIB))
  await reader.finish()
  assert.ok(hasReserve(part))
  reader.close()
})

test('garbage is collected before more is held than its own part, and then from time to time', () => {
  const part = openPart(createMemoryBudget(512 * MIB), 1 / 32)
  let collected = 0
  const held = new CommitMemory(part, checkpoint, () => {
    assert.equal(hasReserve(part), collected > 0, 'before it waits for the reserve')
    collected++
  })
  held.hold('plan', 16 * MIB)
  assert.equal(collected, 0)
  held.hold('plan', 16 * MIB + 1)
  assert.equal(collected, 1)
  for (let more = 0; more <= 20; more++) held.hold('objects', more * MIB)
  assert.equal(collected, 3)
})

test('a hundred packs of one object each fit a part that one large pack has to itself', async () => {
  const part = openPart(createMemoryBudget(128 * MIB), 1 / 64)
  const held = new CommitMemory(part, checkpoint)
  const pack = assemblePack([objectOf('blob', 'x')])
  for (let count = 0; count < 100; count++) await readPack(pack, { memory: held.forPack() })
  assert.ok(!hasReserve(part))
})

test('the entries of several packs are held at once, and their largest object once', () => {
  const part = openPart(createMemoryBudget(16 * MIB), 1 / 8)
  const held = new CommitMemory(part, checkpoint)
  const [one, other] = [held.forPack(), held.forPack()]
  for (const pack of [one, other]) {
    pack.hold('objects', MIB)
    pack.hold('entries', MIB / 4)
    pack.hold('entries', MIB / 2)
  }
  assert.ok(!hasReserve(part))
  other.hold('entries', MIB / 2 + 1)
  assert.ok(hasReserve(part))
})
